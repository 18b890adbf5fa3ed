//! Aligned columns: the one place that names the crate which lays them out.

use comfy_table::{CellAlignment, Row};

use super::{BOLD, styled};

#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table without lines: a bold header, two spaces between columns.
pub(super) struct Table(comfy_table::Table);

impl Table {
    pub(super) fn new(columns: &[(&str, Align)]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_content_arrangement(comfy_table::ContentArrangement::Disabled);
        table.set_header(columns.iter().map(|(title, _)| *title));
        for (column, (_, align)) in table.column_iter_mut().zip(columns) {
            column.set_padding((0, 2));
            column.set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        Self(table)
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.0.add_row(Row::from(cells));
    }

    /// One line a row, each ended.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        for (i, line) in self.0.lines().enumerate() {
            let line = line.trim_end();
            text += &if i == 0 { styled(BOLD, line) } else { line.to_owned() };
            text.push('\n');
        }
        text
    }
}
