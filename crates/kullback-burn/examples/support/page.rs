//! A summary on one page that needs nothing else, light or dark as the reader prefers.

use anyhow::Result;

use super::figure::{Figure, INK, PAPER};
use super::folder::Folder;

/// A table: its head, and rows of cells.
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// What to see in it.
    pub(crate) caption: String,
}

pub(crate) struct Page {
    pub(crate) title: String,
    /// Paragraphs: what was done, and what came out.
    pub(crate) text: Vec<String>,
    pub(crate) tables: Vec<Table>,
    pub(crate) figures: Vec<Figure>,
}

impl Page {
    /// `summary.html` and a file for each plot.
    pub(crate) fn write(&self, folder: &Folder) -> Result<()> {
        for figure in &self.figures {
            folder.write(&format!("{}.svg", figure.name), figure.svg.as_bytes())?;
        }
        folder.write("summary.html", self.html().as_bytes())
    }

    fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title>{}</head>\n<body><h1>{title}</h1>\n",
            style()
        );
        for paragraph in &self.text {
            html += &format!("<p>{}</p>\n", escaped(paragraph));
        }
        for table in &self.tables {
            html += &table.html();
        }
        for figure in &self.figures {
            html += &format!("<figure>{}<figcaption>{}</figcaption></figure>\n", figure.svg, escaped(&figure.caption));
        }
        html + "</body></html>\n"
    }
}

impl Table {
    fn html(&self) -> String {
        let row = |tag: &str, cells: &[String]| -> String {
            let cells: String = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect();
            format!("<tr>{cells}</tr>\n")
        };
        let rows: String = self.rows.iter().map(|cells| row("td", cells)).collect();
        let caption = escaped(&self.caption);
        format!(
            "<div class=\"wide\"><table><caption>{caption}</caption>\n<thead>{}</thead><tbody>\n{rows}</tbody></table></div>\n",
            row("th", &self.head)
        )
    }
}

fn style() -> String {
    let [[paper, dark_paper], [ink, dark_ink]] = [PAPER, INK];
    format!(
        "<style>:root{{color-scheme:light dark}}\
         body{{max-width:46rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;background:{paper};color:{ink}}}\
         figure{{margin:2rem 0}}svg{{max-width:100%;height:auto}}figcaption,caption{{text-align:left;padding:.4rem 0}}\
         .wide{{overflow-x:auto}}table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}\
         th,td{{padding:.2rem .8rem .2rem 0;text-align:right;border-bottom:1px solid #8885}}\
         th{{vertical-align:bottom}}td{{white-space:nowrap}}table{{font-size:.9em}}\
         th:first-child,td:first-child{{text-align:left}}\
         @media (prefers-color-scheme: dark){{body{{background:{dark_paper};color:{dark_ink}}}}}</style>"
    )
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
