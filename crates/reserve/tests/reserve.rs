//! The reserve on a real disk that is really full.

use std::fs;

use amnesia::{Disk, Mount};
use reserve::{FILE, Reserve, free_bytes, is_full};

const MIB: u64 = 1 << 20;

#[test]
fn large_work_stops_before_the_last_space_and_the_rest_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mount = Mount::new(Disk::new(), folder.path()).unwrap();
    mount.set_quota(Some(8 * MIB));
    let reserve = Reserve::new(folder.path(), MIB);
    assert!(
        !reserve.release() && !reserve.is_released(),
        "there is nothing to give up"
    );
    assert!(reserve.restore().unwrap());
    assert_eq!(free_bytes(folder.path()).unwrap(), 7 * MIB, "the blocks are taken");
    assert!(!reserve.is_released() && reserve.has_room());

    let other = folder.path().join("other");
    fs::write(&other, vec![1; 6 * 1024 * 1024]).unwrap();
    assert!(reserve.has_room(), "as much as the reserve is free beside it");
    reserve.expect(1);
    assert!(!reserve.has_room(), "the next step is expected to take more");
    reserve.expect(0);
    fs::write(folder.path().join("more"), vec![1; 1024 * 1024]).unwrap();
    assert!(!reserve.has_room() && is_full(folder.path()));
    assert!(fs::write(folder.path().join("small"), vec![1; 4096]).is_err(), "full");

    assert!(reserve.release());
    assert!(reserve.is_released() && !reserve.release(), "once");
    fs::write(folder.path().join("small"), vec![1; 4096]).unwrap();
    assert!(!reserve.restore().unwrap(), "not while others need the space");
    assert!(!reserve.has_room());

    fs::remove_file(other).unwrap();
    assert!(reserve.has_room(), "space is back");
    assert!(reserve.restore().unwrap());
    assert!(!reserve.is_released() && reserve.has_room());
    assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), MIB);
    drop(mount.unmount().unwrap());
}

#[test]
fn nothing_kept_back_stops_nothing() {
    let reserve = Reserve::new(std::path::Path::new("/nowhere"), 0);
    assert!(reserve.has_room() && reserve.restore().unwrap());
    assert!(!reserve.release() && !reserve.is_released());
    let nowhere = Reserve::new(std::path::Path::new("/nowhere"), MIB);
    assert!(nowhere.has_room(), "what cannot be asked stops nothing");
    assert!(nowhere.restore().is_err());
}
