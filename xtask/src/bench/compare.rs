//! Times in, ratios out: minimum and spread of runs, ratios to the first engine, geometric means of
//! groups and of all, and the worst case, as a table and as JSON. Measures nothing itself.

use std::fmt::Write as _;

use serde_json::json;

/// What repeated runs of one program on one engine took, in seconds of CPU time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Runs {
    seconds: Vec<f64>,
}

impl Runs {
    /// `seconds` must not be empty.
    pub(super) fn new(seconds: Vec<f64>) -> Runs {
        Runs { seconds }
    }

    /// The fastest run: what the program takes when nothing disturbs it.
    pub(super) fn min(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How far the slowest run is from the fastest, as a share of it.
    pub(super) fn spread(&self) -> f64 {
        self.seconds.iter().copied().fold(0.0, f64::max) / self.min() - 1.0
    }
}

/// What one engine did with one program.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub(super) runs: Runs,
    /// The most memory it had resident, in KiB, where that was measured.
    pub(super) peak: Option<u64>,
}

/// One program: what each engine did, in the order of the engines; `None` where it failed.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) results: Vec<Option<Measured>>,
}

impl Row {
    fn result(&self, engine: usize) -> Option<&Measured> {
        self.results.get(engine)?.as_ref()
    }

    /// How many times faster than the first engine; above 1 is faster.
    pub(super) fn ratio(&self, engine: usize) -> Option<f64> {
        Some(self.result(0)?.runs.min() / self.result(engine)?.runs.min())
    }

    /// Peak memory as a multiple of the first engine's; below 1 is less.
    fn memory_ratio(&self, engine: usize) -> Option<f64> {
        Some(self.result(engine)?.peak? as f64 / self.result(0)?.peak? as f64)
    }
}

/// Geometric mean and worst case of the ratios of one engine.
struct Summary<'a> {
    mean: f64,
    worst: f64,
    worst_program: &'a str,
}

fn sum_up<'a>(rows: impl Iterator<Item = &'a Row>, engine: usize) -> Option<Summary<'a>> {
    let ratios: Vec<(f64, &str)> = rows
        .filter_map(|row| Some((row.ratio(engine)?, row.name.as_str())))
        .collect();
    let (worst, worst_program) = ratios.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let mean = geometric_mean(ratios.iter().map(|(ratio, _)| *ratio))?;
    Some(Summary {
        mean,
        worst,
        worst_program,
    })
}

pub(super) fn geometric_mean(ratios: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, logs) = ratios.fold((0_u32, 0.0), |(count, logs), ratio| {
        (count + 1, logs + ratio.ln())
    });
    (count > 0).then(|| (logs / f64::from(count)).exp())
}

/// Groups in the order of their first rows.
pub(super) fn groups(rows: &[Row]) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for row in rows {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    groups
}

fn group<'a>(rows: &'a [Row], group: &'a str) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row.group == group)
}

const NAME_WIDTH: usize = 30;

/// The head of a table of rows.
pub(super) fn header(engines: &[&str]) -> String {
    let mut line = format!("{:<NAME_WIDTH$}", "program");
    for (index, engine) in engines.iter().enumerate() {
        let _ = write!(line, "{engine:>10}");
        if index > 0 {
            let _ = write!(line, "{:>8}{:>8}", "ratio", "memory");
        }
    }
    line
}

/// One row of a table: seconds, how many times faster than the first engine, and peak memory as
/// a multiple of the first engine's.
pub(super) fn line(row: &Row) -> String {
    let mut line = format!("{:<NAME_WIDTH$}", format!("{}/{}", row.group, row.name));
    for index in 0..row.results.len() {
        let _ = match row.result(index) {
            Some(result) => write!(line, "{:>8.3} s", result.runs.min()),
            None => write!(line, "{:>10}", "failed"),
        };
        if index > 0 {
            for ratio in [row.ratio(index), row.memory_ratio(index)] {
                line.push_str(&ratio_cell(ratio));
            }
        }
    }
    line
}

fn ratio_cell(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| format!("{:>8}", "-"), |ratio| format!("{ratio:>8.2}"))
}

/// Geometric means of groups and of all, worst cases, and the spread of the runs.
pub(super) fn footer(engines: &[&str], rows: &[Row]) -> String {
    let mut text = String::new();
    let groups = groups(rows);
    if groups.len() > 1 {
        for name in groups {
            let _ = write!(text, "{:<NAME_WIDTH$}{:>10}", format!("mean of {name}"), "");
            for index in 1..engines.len() {
                let mean = sum_up(group(rows, name), index).map(|summary| summary.mean);
                let memory = group(rows, name).filter_map(|row| row.memory_ratio(index));
                let (mean, memory) = (ratio_cell(mean), ratio_cell(geometric_mean(memory)));
                let _ = write!(text, "{:>10}{mean}{memory}", "");
            }
            text.push('\n');
        }
    }
    for (index, engine) in engines.iter().enumerate().skip(1) {
        if let Some(summary) = sum_up(rows.iter(), index) {
            let _ = writeln!(
                text,
                "{engine} to {}: geometric mean {:.2}, worst {:.2} ({})",
                engines[0], summary.mean, summary.worst, summary.worst_program
            );
        }
    }
    let mut spreads: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.results.iter().flatten())
        .map(|result| result.runs.spread())
        .collect();
    spreads.sort_by(f64::total_cmp);
    if let Some(median) = spreads.get(spreads.len() / 2) {
        let _ = writeln!(text, "median spread of the runs {:.0} %", median * 100.0);
    }
    text
}

/// The same as JSON.
pub(super) fn json(cpu: &str, n_runs: usize, engines: &[&str], rows: &[Row]) -> serde_json::Value {
    let programs: Vec<_> = rows
        .iter()
        .map(|row| {
            let per_engine: serde_json::Map<_, _> = engines
                .iter()
                .enumerate()
                .filter_map(|(index, engine)| {
                    let result = row.result(index)?;
                    let value = json!({
                        "seconds": result.runs.min(), "spread": result.runs.spread(),
                        "ratio": row.ratio(index),
                        "peak_kib": result.peak, "memory_ratio": row.memory_ratio(index),
                    });
                    Some(((*engine).to_owned(), value))
                })
                .collect();
            json!({ "group": row.group, "name": row.name, "engines": per_engine })
        })
        .collect();
    let means: serde_json::Map<_, _> = engines
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(index, engine)| {
            let summary = sum_up(rows.iter(), index)?;
            let groups: serde_json::Map<_, _> = groups(rows)
                .into_iter()
                .filter_map(|name| {
                    let mean = sum_up(group(rows, name), index)?.mean;
                    Some((name.to_owned(), json!(mean)))
                })
                .collect();
            let value = json!({
                "geometric_mean": summary.mean, "groups": groups,
                "worst": summary.worst, "worst_program": summary.worst_program,
            });
            Some(((*engine).to_owned(), value))
        })
        .collect();
    json!({ "cpu": cpu, "runs": n_runs, "summary": means, "programs": programs })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Measured, Row, Runs, footer, header, json, line};

    fn row(group: &str, name: &str, results: &[Option<(&[f64], u64)>]) -> Row {
        let result = |(seconds, peak): (&[f64], u64)| Measured {
            runs: Runs::new(seconds.to_vec()),
            peak: Some(peak),
        };
        Row {
            group: group.into(),
            name: name.into(),
            results: results.iter().map(|given| given.map(result)).collect(),
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row(
                "x",
                "a",
                &[Some((&[0.4, 0.44], 100)), Some((&[0.1, 0.11], 50))],
            ),
            row(
                "x",
                "b",
                &[Some((&[0.3, 0.3], 100)), Some((&[0.3, 0.33], 200))],
            ),
            row("y", "c", &[Some((&[0.2, 0.2], 100)), None]),
        ]
    }

    #[test]
    fn a_table_of_ratios() {
        let engines = ["lua5.1", "ours"];
        let rows = rows();
        let mut text = header(&engines);
        for row in &rows {
            text.push('\n');
            text.push_str(&line(row));
        }
        text.push('\n');
        text.push_str(&footer(&engines, &rows));
        expect![[r#"
            program                           lua5.1      ours   ratio  memory
            x/a                              0.400 s   0.100 s    4.00    0.50
            x/b                              0.300 s   0.300 s    1.00    2.00
            y/c                              0.200 s    failed       -       -
            mean of x                                             2.00    1.00
            mean of y                                                -       -
            ours to lua5.1: geometric mean 2.00, worst 1.00 (b)
            median spread of the runs 10 %
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn json_has_the_same_numbers() {
        let value = json("cpu", 2, &["lua5.1", "ours"], &rows());
        assert_eq!(value["summary"]["ours"]["worst_program"], "b");
        assert_eq!(value["summary"]["ours"]["groups"]["x"], 2.0);
        assert_eq!(value["programs"][0]["engines"]["ours"]["ratio"], 4.0);
        assert_eq!(value["programs"][0]["engines"]["ours"]["memory_ratio"], 0.5);
        assert_eq!(
            value["programs"][2]["engines"]
                .as_object()
                .map(serde_json::Map::len),
            Some(1)
        );
    }
}
