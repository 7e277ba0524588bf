//! Stores of older versions, broken ones, and what is none.

use std::sync::Arc;

use nseer_core::Event;
use nseer_store::{Beginning, Store, StoreError};

use super::{create, full_host, replayed, started};

/// A store of a build that had no tables for the ways to hosts, nor for who told the states of ports.
#[test]
fn an_older_store_without_later_tables_is_read_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = create(&path);
    store.take(started()).unwrap();
    store.take(Event::HostDone(Arc::new(full_host("10.0.0.1")))).unwrap();
    store.commit().unwrap();
    drop(store);
    let older = rusqlite::Connection::open(&path).unwrap();
    older
        .execute_batch(
            "DROP TABLE hop; DROP TABLE trace; DROP TABLE teller; DROP TABLE operating_system",
        )
        .unwrap();
    drop(older);
    let ways = |store: &Store| {
        let hosts = replayed(store).into_iter().filter_map(|event| match event {
            Event::HostDone(host) => {
                let has_system = host.os.is_some();
                Some((host.trace.is_some(), host.ports.tellers().count(), has_system))
            }
            _ => None,
        });
        hosts.collect::<Vec<_>>()
    };
    assert_eq!(ways(&Store::read(&path).unwrap()), [(false, 0, false)]);
    let (mut store, _) = Store::resume(&path).unwrap();
    store.take(Event::HostDone(Arc::new(full_host("10.0.0.2")))).unwrap();
    store.commit().unwrap();
    assert_eq!(ways(&store), [(false, 0, false), (true, 4, true)]);
}

#[test]
fn what_is_no_store_of_ours_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let error = |store: Result<Store, StoreError>| store.unwrap_err().to_string();
    let read = |name: &str| error(Store::read(&path(name)));
    assert!(read("none").contains("No such file"), "{}", read("none"));
    #[allow(clippy::disallowed_methods, reason = "a test makes its own input")]
    {
        std::fs::write(path("text"), "no database, but long enough to be looked at").unwrap();
        std::fs::write(path("empty"), "").unwrap();
    }
    assert!(read("text").contains("is no store of nseer"), "{}", read("text"));
    assert!(read("empty").contains("holds no scan"), "{}", read("empty"));
    let other = rusqlite::Connection::open(path("other")).unwrap();
    other.execute_batch("CREATE TABLE x (y)").unwrap();
    assert!(read("other").contains("is no store of nseer"), "{}", read("other"));

    let mut store = create(&path("ours"));
    assert!(read("ours").contains("holds no scan"), "{}", read("ours"));
    store.take(started()).unwrap();
    store.commit().unwrap();
    let in_use = Store::resume(&path("ours")).unwrap_err().to_string();
    assert!(in_use.contains("is in use by another nseer"), "{in_use}");
    let exists = error(Store::create(&path("ours"), Beginning::default()));
    assert!(exists.contains("already holds something: nseer resume"), "{exists}");
    drop(store);
    #[allow(clippy::disallowed_methods, reason = "a test breaks a file")]
    {
        let whole = std::fs::read(path("ours")).unwrap();
        for length in [100, whole.len() / 3, whole.len() - 4096] {
            std::fs::write(path("cut"), &whole[..length]).unwrap();
            let cut = error(Store::read(&path("cut")).and_then(|store| store.run().map(|_| store)));
            assert!(cut.contains("the store is damaged, as one is that was cut off"), "{cut}");
        }
        std::fs::write(path("bare"), &whole[..60]).unwrap();
        assert!(read("bare").contains("is no store of nseer"), "{}", read("bare"));
    }
    let later = rusqlite::Connection::open(path("ours")).unwrap();
    later.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(later);
    assert!(read("ours").contains("is a store of version 99, this nseer reads version 1"));
}

#[test]
fn a_store_from_before_vendors_is_read_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    let mut store = create(&path);
    store.take(started()).unwrap();
    store.take(Event::HostDone(full_host("10.0.0.1").into())).unwrap();
    store.commit().unwrap();
    drop(store);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch("ALTER TABLE host DROP COLUMN vendor").unwrap();
    drop(old);
    let vendors = || {
        let events = replayed(&Store::read(&path).unwrap());
        let hosts = events.into_iter().filter_map(|event| match event {
            Event::HostDone(host) => Some(host.vendor.clone()),
            _ => None,
        });
        hosts.collect::<Vec<_>>()
    };
    assert_eq!(vendors(), [None]);
    let (mut store, _) = Store::resume(&path).unwrap();
    store.take(Event::HostDone(full_host("10.0.0.2").into())).unwrap();
    store.commit().unwrap();
    drop(store);
    assert_eq!(vendors(), [None, Some("Maker".to_owned())]);
}
