//! `dependencies`: the same scripts run before one another.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::{cases, check, data_directory};
use crate::lab::{self, Output};

const DATA: &str = "/run/lab/order";

/// More scripts than a level needs to come out of order by chance.
const SCRIPTS: usize = 9;

/// For each script those that it depends on; numbers beyond the scripts are scripts that nobody has.
type Edges = Vec<Vec<usize>>;

/// Mostly without circles: a script depends on later ones, so that file names give no order away.
fn edges() -> impl Strategy<Value = Edges> {
    let lists: Vec<_> = (0..SCRIPTS)
        .map(|script| {
            let later: Vec<usize> = (script + 1..SCRIPTS + 2).collect();
            let most = later.len().min(3);
            subsequence(later, 0..=most)
        })
        .collect();
    let back = proptest::option::weighted(0.15, (any::<Index>(), any::<Index>()));
    (lists, back).prop_map(|(mut edges, back): (Edges, _)| {
        if let Some((from, to)) = back {
            edges[from.index(SCRIPTS)].push(to.index(SCRIPTS));
        }
        edges
    })
}

fn name(script: usize) -> String {
    format!("s{script}")
}

fn script(dependencies: &[usize]) -> String {
    let list: Vec<String> = dependencies.iter().map(|d| format!("{:?}", name(*d))).collect();
    format!(
        "dependencies = {{{}}}\ncategories = {{\"safe\"}}\nprerule = function() return true end\n\
         action = function() nmap.log_write(\"stdout\", \"ran \" .. SCRIPT_NAME) end\n",
        list.join(", ")
    )
}

/// The scripts in the order in which they ran; nothing where the run was refused.
fn ran(output: &Output) -> Option<Vec<usize>> {
    if output.code != 0 {
        assert!(output.all().contains("circular dependency"), "{output:#?}");
        return None;
    }
    let lines = output.stdout.lines().filter_map(|line| line.strip_prefix("NSE: ran s"));
    Some(lines.map(|number| number.parse().expect("a number")).collect())
}

/// The level of each script that was chosen: one more than the highest level that it waits for.
fn levels(chosen: &[usize], edges: &Edges) -> Vec<(usize, usize)> {
    let mut levels = [1; SCRIPTS];
    // As often as the longest chain is long.
    for _ in 0..SCRIPTS {
        for script in chosen {
            let before = edges[*script].iter().filter(|d| chosen.contains(d));
            levels[*script] = 1 + before.map(|d| levels[*d]).max().unwrap_or(0);
        }
    }
    let mut pairs: Vec<_> = chosen.iter().map(|script| (levels[*script], *script)).collect();
    pairs.sort_unstable();
    pairs
}

/// Within a level nmap's order is that of addresses, so it is sorted here.
fn by_level(ran: &[usize], levels: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let level =
        |script: &usize| levels.iter().find(|(_, s)| s == script).map_or(0, |(level, _)| *level);
    let mut pairs: Vec<(usize, usize)> =
        ran.iter().map(|script| (level(script), *script)).collect();
    // Stable and only among neighbours of one level: a script in the wrong place stays there.
    pairs.chunk_by_mut(|a, b| a.0 == b.0).for_each(<[_]>::sort_unstable);
    pairs
}

#[test]
fn random_dependencies_order_scripts_as_with_nmap() {
    let case = (edges(), vec(prop::bool::weighted(0.85), SCRIPTS));
    lab::run("beside_nmap::order::random_dependencies_order_scripts_as_with_nmap", |lab| {
        let folder = std::cell::Cell::new(0);
        check(cases(150) / 4, &case, |(edges, wanted)| {
            folder.set(folder.get() + 1);
            let data = format!("{DATA}/{}", folder.get());
            let names: Vec<String> = (0..SCRIPTS).map(name).collect();
            let scripts: Vec<(&str, String)> = names
                .iter()
                .zip(&edges)
                .map(|(name, list)| (name.as_str(), script(list)))
                .collect();
            let entry = |name: &String| {
                format!("Entry {{ filename = \"{name}.nse\", categories = {{ \"safe\", }} }}\n")
            };
            data_directory(&data, &scripts, &names.iter().map(entry).collect::<String>());
            let chosen: Vec<usize> = (0..SCRIPTS).filter(|script| wanted[*script]).collect();
            let rules = chosen.iter().map(|script| name(*script)).collect::<Vec<_>>().join(",");
            let args = ["--datadir", &data, "-sL", "-n", "--script", &rules];
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            match (ran(&ours), ran(&theirs)) {
                (None, None) => {}
                (Some(our_order), Some(their_order)) => {
                    let expected = levels(&chosen, &edges);
                    prop_assert_eq!(
                        by_level(&their_order, &expected),
                        &expected[..],
                        "{:#?}",
                        theirs
                    );
                    prop_assert_eq!(by_level(&our_order, &expected), &expected[..], "{:#?}", ours);
                }
                _ => return Err(TestCaseError::fail(format!("{:#?}", (ours, theirs)))),
            }
            Ok(())
        });
    });
}
