//! Lists for scripts that read a file, beside the tables that libraries have.

/// The text of an embedded file.
fn text(path: &str) -> String {
    let (_, bytes) =
        nseer_stdlib::files().iter().find(|(name, _)| *name == path).expect("the file is embedded");
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn names_of_the_file_are_those_of_the_table() {
    let table = text("nselib/data/logins.lua");
    let (names, _) = table
        .split_once("usernames = {")
        .and_then(|(_, rest)| rest.split_once('}'))
        .expect("the table has names");
    let names: Vec<&str> = names.split('"').skip(1).step_by(2).collect();
    let file = text("nselib/data/usernames.lst");
    let lines: Vec<&str> = file.lines().filter(|line| !line.starts_with("#!comment:")).collect();
    assert!(names.len() > 10, "{names:?}");
    assert_eq!(names, lines);
}
