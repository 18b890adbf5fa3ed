//! What a profile has to say where a table would be scanned.

use std::sync::Arc;

use super::{
    BinCounts, State, Values,
    bag::dealt,
    number::Number,
    store::{ProfileColumn, between, quantiles},
};
use crate::{
    bins::Bins,
    family::Family,
    profile::{Bag, NamedCounts, NumericScan, ValueCounts},
};

impl ProfileColumn {
    /// The state that scanning the table would have left, of all its rows where they are known, otherwise of the sample as if that
    /// were the table; `None` if nothing is known. A first look is answered by the counts that it would lead to.
    pub(crate) fn answer(&self, question: &State, rows: u64) -> Option<State> {
        Some(match question {
            State::Nulls { .. } | State::Summary(_) => State::Nulls { rows, nulls: self.nulls },
            State::Scan(scan) if scan.asks_for_few() && self.by_value() => {
                self.answer(&State::Numbers(Values::default()), rows)?
            }
            State::Scan(scan) => State::Bins(Box::new(self.bins(&self.edges_for(scan)?, rows)?)),
            State::Bins(bins) => State::Bins(Box::new(self.bins(&bins.bins, rows)?)),
            State::Texts(_) => State::Texts(self.values(ValueCounts::from_bag(self.as_texts()?), rows)),
            State::Numbers(_) => State::Numbers(self.values(ValueCounts::from_bag(self.as_bits()?), rows)),
            State::NamedTexts(named) => State::NamedTexts(self.named(&named.counts, &self.as_texts()?, rows)),
            State::NamedNumbers(named) => State::NamedNumbers(self.named(&named.counts, &self.as_bits()?, rows)),
            State::Rows(_) | State::Keys(_) | State::Joint(_) | State::Raw(_) => return None,
        })
    }

    fn edges_for(&self, scan: &NumericScan) -> Option<Bins> {
        match (&self.bins, &self.numbers) {
            (Some(bins), numbers) if bins.fixed || bins.wanted == scan.wanted() || numbers.is_none() => {
                Some(bins.edges.clone())
            }
            (_, Some(bag)) => Some(quantiles(self.range, bag, scan.wanted())),
            (_, None) => (self.family == Family::Null).then(|| Bins::from_quantiles(None, &[], scan.wanted())),
        }
    }

    fn bins(&self, edges: &Bins, rows: u64) -> Option<BinCounts> {
        let mut answer = BinCounts::new(edges.clone());
        (answer.nulls, answer.nans, answer.rows) = (self.nulls, self.nans, rows);
        if let Some(bins) = self.bins.as_ref().filter(|bins| bins.edges == *edges) {
            answer.counts.clone_from(&bins.counts);
            return Some(answer);
        }
        let bag = self.as_numbers()?;
        answer.counts = between(edges, &bag);
        (answer.nulls, answer.nans) = self.specials(bag.share);
        answer.rows = bag.rows() + answer.nulls + answer.nans;
        Some(answer)
    }

    fn values<C>(&self, counts: C, rows: u64) -> Values<C> {
        Values { counts, nans: self.nans, nulls: self.nulls, rows }
    }

    fn named<K: std::hash::Hash + Ord + Clone>(
        &self,
        names: &NamedCounts<K>,
        bag: &Bag<K>,
        rows: u64,
    ) -> Values<NamedCounts<K>> {
        let mut answer = self.values(NamedCounts::new(&names.names()), rows);
        for (value, count) in bag.iter() {
            answer.counts.add_rows(value, count);
        }
        (answer.nulls, answer.nans) = self.specials(bag.share);
        answer.rows = bag.rows() + answer.nulls + answer.nans;
        answer
    }

    /// Nulls and NaNs beside a sample of the other rows.
    fn specials(&self, share: f64) -> (u64, u64) {
        (dealt(self.nulls, share, 1), dealt(self.nans, share, 2))
    }

    fn as_numbers(&self) -> Option<Bag<Number>> {
        self.numbers.clone().or_else(|| (self.family == Family::Null).then(|| Bag::whole([])))
    }

    fn as_bits(&self) -> Option<Bag<u64>> {
        self.as_numbers().map(|bag| bag.map(|number| number.0.to_bits()))
    }

    /// Numbers beside text are written as their labels.
    fn as_texts(&self) -> Option<Bag<Arc<str>>> {
        let labels = |bag: Bag<Number>| bag.map(|number| self.family.label(number.0).into());
        self.texts.clone().or_else(|| self.as_numbers().map(labels))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::print_stdout)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array};
    use kullback::estimate::g_test;

    use super::*;
    use crate::{
        cells::Cells,
        profile::{
            Summary,
            make::{Edges, first_look},
        },
        rows::Rows,
        sample::RowId,
        source::Column,
    };

    /// A column of normal numbers, three of them a row, some null, some NaN, some infinite.
    fn column(rows: usize, seed: u64) -> ArrayRef {
        let uniform = |row: usize, salt: u64| {
            (RowId::renamed(RowId::renamed(seed).hash(salt as usize)).hash(row) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let value = |row: usize| match (uniform(row, 0) * 20.0) as u32 {
            0..3 => None,
            3 => Some(f64::NAN),
            4 => Some(f64::INFINITY),
            _ => Some((-2.0 * (1.0 - uniform(row, 1)).ln()).sqrt() * (std::f64::consts::TAU * uniform(row, 2)).cos()),
        };
        Arc::new((0..rows).map(value).collect::<Float64Array>())
    }

    fn counted(mut state: State, array: &ArrayRef) -> State {
        assert!(state.update(std::slice::from_ref(array), RowId::new(0, 0), &Rows::all(array.len())));
        state
    }

    fn scan() -> NumericScan {
        NumericScan::new(Family::Number, 10)
    }

    fn profiled(array: &ArrayRef) -> ProfileColumn {
        let column = Column {
            name: "x".into(),
            family: Family::Number,
            type_name: "Float64".into(),
            declared: true,
            notes: Vec::new(),
        };
        first_look(&column, counted(State::Summary(Box::new(Summary::new(scan()))), array), &Edges::default())
    }

    /// Without drift, p-values of a sample's counts are below 0.05 as often as they should be, nulls and all, in a profile and in
    /// one merged of parts whose rows bear the same numbers.
    #[test]
    fn samples_raise_no_false_alarms() {
        const RUNS: u64 = 400;
        const ROWS: usize = 90_000;
        for parts in [1, 2] {
            let mut alarms = 0;
            for run in 0..RUNS {
                let seed = |of: u64| (run << 8) | (parts << 4) | of;
                let reference = column(10_000, seed(0));
                let State::Scan(edges) = counted(State::Scan(Box::new(scan())), &reference) else { unreachable!() };
                let question = State::Bins(Box::new(BinCounts::new(edges.into_bins())));
                let current = (1..=parts)
                    .map(|part| profiled(&column(ROWS / parts as usize, seed(part))))
                    .reduce(ProfileColumn::merged)
                    .unwrap();
                let answer = current.answer(&question, ROWS as u64).unwrap();
                let State::Bins(bins) = &answer else { unreachable!() };
                assert!(
                    bins.rows < ROWS as u64 / 4
                        && bins.rows == bins.counts.iter().sum::<u64>() + bins.nulls + bins.nans
                );
                let cells = Cells::new(Family::Number, Some(counted(question, &reference)), Some(answer));
                let (current, reference) = cells.counts();
                let test = g_test(&cells.joined(&current), &cells.joined(&reference));
                alarms += u32::from(test.unwrap().p_value.unwrap() < 0.05);
            }
            let share = f64::from(alarms) / RUNS as f64;
            println!("{parts} parts: {share}");
            // Three standard deviations of a share of 400 around 0.05.
            assert!((0.017..0.083).contains(&share), "{parts} parts: {share}");
        }
    }

    /// The share below any edge is within Hoeffding's bound.
    #[test]
    fn a_merged_sample_keeps_the_stated_error() {
        let parts: Vec<ArrayRef> =
            (0..6).map(|part| column(70_000 + part as usize * 10_000, 1_000_000 + part)).collect();
        let merged = parts.iter().map(profiled).reduce(ProfileColumn::merged).unwrap();
        let rows: usize = parts.iter().map(|part| part.len()).sum();
        let State::Scan(edges) = counted(State::Scan(Box::new(scan())), &parts[0]) else { unreachable!() };
        let mut truth = State::Bins(Box::new(BinCounts::new(edges.into_bins())));
        let answer = merged.answer(&truth, rows as u64).unwrap();
        for part in &parts {
            truth = counted(truth, part);
        }
        let (State::Bins(truth), State::Bins(answer)) = (truth, answer) else { unreachable!() };
        let shares = |bins: &BinCounts| -> Vec<f64> {
            let all = [&bins.counts[..], &[bins.nulls, bins.nans]].concat();
            all.iter().map(|&count| count as f64 / bins.rows as f64).collect()
        };
        for (found, truth) in shares(&answer).into_iter().zip(shares(&truth)) {
            assert!((found - truth).abs() < 0.021, "{found} {truth}");
        }
        // 16,384 of them, of every part in proportion.
        let bag = merged.numbers.unwrap();
        assert_eq!(bag.rows(), 16_384);
        let expected = 16_384.0 / (rows as f64 * 0.8);
        assert!((bag.share / expected - 1.0).abs() < 0.05, "{} {expected}", bag.share);
    }
}
