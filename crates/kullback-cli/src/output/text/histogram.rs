//! Histograms, drawn with block characters.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EMPTY: char = '·';

/// Draws two columns of counts with at most `cells` characters each and on one scale, so that heights compare.
///
/// More bins than cells are drawn together, neighbour with neighbour.
pub(super) fn pair(reference: &[u64], current: &[u64], cells: usize) -> [String; 2] {
    let heights = [heights(reference, cells), heights(current, cells)];
    let top = heights.iter().flatten().copied().fold(0.0, f64::max);
    heights.map(|heights| heights.into_iter().map(|height| block(height, top)).collect())
}

/// Mean share of the bins under each cell.
fn heights(counts: &[u64], cells: usize) -> Vec<f64> {
    let cells = cells.min(counts.len());
    let total = counts.iter().sum::<u64>().max(1) as f64;
    (0..cells)
        .map(|cell| {
            let bins = &counts[cell * counts.len() / cells..(cell + 1) * counts.len() / cells];
            bins.iter().sum::<u64>() as f64 / total / bins.len() as f64
        })
        .collect()
}

/// Draws values from 0 on, one character each, up to the largest.
pub(super) fn spark(values: &[f64]) -> String {
    let top = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    values.iter().map(|value| block(if top > 0.0 { value.max(0.0) } else { 0.0 }, top)).collect()
}

fn block(height: f64, top: f64) -> char {
    if height == 0.0 {
        return EMPTY;
    }
    let step = (height / top * BLOCKS.len() as f64).ceil() as usize;
    BLOCKS[step.clamp(1, BLOCKS.len()) - 1]
}

/// Draws heights from 0 to 1 in `rows` lines of text, the top one first. What is beyond ends at the top.
pub(super) fn skyline(heights: &[f64], rows: usize) -> Vec<String> {
    let row = |row: usize| {
        let cell = |height: &f64| match height * rows as f64 - row as f64 {
            above if above <= 0.0 => ' ',
            above => block(above, 1.0),
        };
        heights.iter().map(cell).collect()
    };
    (0..rows).rev().map(row).collect()
}

/// A bar of at most `cells` characters, to an eighth of one; never nothing for something.
pub(super) fn bar(share: f64, cells: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (share * (cells * EIGHTHS.len()) as f64).ceil() as usize;
    let mut bar = "█".repeat(eighths / EIGHTHS.len());
    if let rest @ 1.. = eighths % EIGHTHS.len() {
        bar.push(EIGHTHS[rest]);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_compare_across_the_pair() {
        assert_eq!(pair(&[1, 1], &[0, 10], 8), ["▄▄", "·█"]);
        assert_eq!(pair(&[4, 4, 4, 4], &[8, 0, 0, 0], 2), ["▄▄", "█·"]);
        assert_eq!(pair(&[], &[], 8), ["", ""]);
        assert_eq!(pair(&[0], &[3], 8), ["·", "█"]);
    }

    #[test]
    fn sparks_begin_at_zero() {
        assert_eq!(spark(&[-0.1, 0.0, 1.0, 8.0, f64::INFINITY]), "··▁██");
        assert_eq!(spark(&[0.0, 0.0]), "··");
    }

    #[test]
    fn skylines_are_drawn_from_the_top() {
        assert_eq!(skyline(&[0.0, 0.5, 1.0, 9.0], 2), ["  ██", " ███"]);
        assert_eq!(skyline(&[0.25], 1), ["▂"]);
    }

    #[test]
    fn bars_show_what_there_is() {
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(1e-9, 3), "▏");
        assert_eq!(bar(0.0, 3), "");
    }
}
