//! Which lines of scripts and libraries ran in tests, as lcov's tracefiles have it (geninfo(1)).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use nseer_engine::Lines;
use nseer_engine::data_dir::DataDirs;
use nseer_replay::code_lines;

/// How often each line ran, by file.
#[derive(Clone, Default)]
pub(super) struct Coverage {
    files: Arc<Mutex<BTreeMap<String, HashMap<usize, u64>>>>,
}

/// Counts the lines of one test, and adds them up at its end: a lock for each line would be slow.
pub(super) struct OfTest {
    coverage: Coverage,
    counted: Mutex<HashMap<String, HashMap<usize, u64>>>,
}

impl Lines for OfTest {
    fn ran(&self, source: &str, line: usize) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if !counted.contains_key(source) {
            counted.insert(source.to_owned(), HashMap::new());
        }
        if let Some(lines) = counted.get_mut(source) {
            *lines.entry(line).or_default() += 1;
        }
    }
}

impl OfTest {
    /// The test has ended.
    pub(super) fn finish(&self) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = self.coverage.files.lock().unwrap_or_else(PoisonError::into_inner);
        for (source, lines) in counted.drain() {
            let of_file = files.entry(source).or_default();
            for (line, count) in lines {
                *of_file.entry(line).or_default() += count;
            }
        }
    }
}

impl Coverage {
    /// What one test is counted with.
    pub(super) fn of_test(&self) -> Arc<OfTest> {
        Arc::new(OfTest { coverage: self.clone(), counted: Mutex::default() })
    }

    /// The tracefile: the files of the user. What is embedded in the program is left out.
    pub(super) fn lcov(&self, data: &DataDirs) -> String {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for (path, counts) in &*files {
            let Some(file) = data.file_at(Path::new(path)) else { continue };
            let Some(lines) = file.read().ok().and_then(|text| code_lines(&text)) else { continue };
            let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
            out.push_str(&format!("TN:\nSF:{}\n", path.display()));
            let count = |line: &usize| counts.get(line).copied().unwrap_or(0);
            for line in &lines {
                out.push_str(&format!("DA:{line},{}\n", count(line)));
            }
            let hit = lines.iter().filter(|line| count(line) > 0).count();
            out.push_str(&format!("LF:{}\nLH:{hit}\nend_of_record\n", lines.len()));
        }
        out
    }
}
