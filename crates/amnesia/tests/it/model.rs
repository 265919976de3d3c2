//! The disk against a model: a second, simpler account of what a crash may leave. Every state that a crash yields is one
//! that the model permits, and the modes reach states that really differ.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use amnesia::{Crash, Disk, Ino, ROOT, SECTOR};
use proptest::prelude::*;

type Sector = [u8; SECTOR];
type Names = BTreeMap<(Ino, OsString), Ino>;

/// What a crash may leave: of each sector and each length one of the values it had since the last sync; of the changes of
/// names any part, in their order, in which nothing is missing that was synced.
#[derive(Default)]
struct Model {
    files: BTreeMap<Ino, FileModel>,
    namings: Vec<NamingModel>,
}

#[derive(Default)]
struct FileModel {
    now: Vec<u8>,
    lengths: Vec<usize>,
    sectors: BTreeMap<usize, Vec<Sector>>,
}

struct NamingModel {
    effects: Vec<(Ino, OsString, Option<Ino>)>,
    is_synced: bool,
}

fn sector(content: &[u8], number: usize) -> Sector {
    let mut sector = [0; SECTOR];
    let held = content.iter().skip(number * SECTOR).take(SECTOR);
    sector.iter_mut().zip(held).for_each(|(to, from)| *to = *from);
    sector
}

impl FileModel {
    fn change(&mut self, body: impl FnOnce(&mut Vec<u8>)) {
        let before = self.now.clone();
        body(&mut self.now);
        self.lengths.push(self.now.len());
        for number in 0..before.len().max(self.now.len()).div_ceil(SECTOR) {
            let versions = self
                .sectors
                .entry(number)
                .or_insert_with(|| vec![sector(&before, number)]);
            versions.push(sector(&self.now, number));
        }
    }

    fn sync(&mut self) {
        self.lengths = vec![self.now.len()];
        for versions in self.sectors.values_mut() {
            *versions = versions.last().copied().into_iter().collect();
        }
    }

    fn permits(&self, content: &[u8]) -> Result<(), String> {
        if !self.lengths.contains(&content.len()) {
            return Err(format!("length {} of {:?}", content.len(), self.lengths));
        }
        for (number, held) in content.chunks(SECTOR).enumerate() {
            let is_version = |version: &Sector| version.starts_with(held);
            let versions = self.sectors.get(&number);
            if !versions.is_some_and(|versions| versions.iter().any(is_version)) {
                return Err(format!("sector {number}"));
            }
        }
        Ok(())
    }
}

impl Model {
    fn naming(&mut self, effects: &[(Ino, &str, Option<Ino>)]) {
        self.namings.push(NamingModel {
            effects: effects
                .iter()
                .map(|(folder, name, ino)| (*folder, OsString::from(name), *ino))
                .collect(),
            is_synced: false,
        });
    }

    fn sync_folder(&mut self, folder: Ino) {
        for naming in &mut self.namings {
            naming.is_synced |= naming.effects.iter().any(|(of, ..)| *of == folder);
        }
    }

    fn permitted_names(&self) -> BTreeSet<Names> {
        let mut permitted = BTreeSet::from([Names::new()]);
        for naming in &self.namings {
            let with = permitted.iter().map(|names| {
                let mut names = names.clone();
                for (folder, name, ino) in &naming.effects {
                    match ino {
                        Some(ino) => names.insert((*folder, name.clone()), *ino),
                        None => names.remove(&(*folder, name.clone())),
                    };
                }
                names
            });
            let with: BTreeSet<Names> = with.collect();
            if naming.is_synced {
                permitted = with;
            } else {
                permitted.extend(with);
            }
        }
        permitted
    }

    fn permits(&self, disk: &Disk) -> Result<(), String> {
        let (names, files) = seen(disk);
        // A folder whose own name was lost is not reached, so its names may be anything.
        let reached: BTreeSet<Ino> = names.values().copied().chain([ROOT]).collect();
        let is_permitted = self.permitted_names().into_iter().any(|permitted| {
            let permitted: Names = permitted
                .into_iter()
                .filter(|((folder, _), _)| reached.contains(folder))
                .collect();
            permitted == names
        });
        if !is_permitted {
            return Err(format!("names {names:?}"));
        }
        for (ino, content) in files {
            let file = self.files.get(&ino).ok_or("a file from nowhere")?;
            file.permits(&content).map_err(|what| format!("file {ino}: {what}"))?;
        }
        Ok(())
    }
}

/// Names and contents that a disk shows.
fn seen(disk: &Disk) -> (Names, BTreeMap<Ino, Vec<u8>>) {
    let (mut names, mut files) = (Names::new(), BTreeMap::new());
    let mut folders = vec![ROOT];
    while let Some(folder) = folders.pop() {
        for (name, ino) in disk.names(folder).unwrap() {
            names.insert((folder, name), ino);
            if disk.attributes(ino).unwrap().is_folder {
                folders.push(ino);
            } else {
                files.insert(ino, disk.read(ino, 0, usize::MAX).unwrap().to_vec());
            }
        }
    }
    (names, files)
}

/// A step of a program. Names are 0..3 in the topmost folder and 3..6 in the other.
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Write(usize, usize, usize, u8),
    Cut(usize, usize),
    Rename(usize, usize),
    Remove(usize),
    Sync(usize),
    SyncFolder(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = || 0..6_usize;
    let step = prop_oneof![
        3 => name().prop_map(Step::Create),
        6 => (name(), 0..3000_usize, 1..2500_usize, 1..=255_u8)
            .prop_map(|(name, at, length, byte)| Step::Write(name, at, length, byte)),
        2 => (name(), 0..4000_usize).prop_map(|(name, length)| Step::Cut(name, length)),
        2 => (name(), name()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => name().prop_map(Step::Remove),
        2 => name().prop_map(Step::Sync),
        1 => any::<bool>().prop_map(Step::SyncFolder),
    ];
    prop::collection::vec(step, 1..28)
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Disk and model beside each other.
struct Pair {
    disk: Disk,
    model: Model,
    folder: Ino,
}

impl Pair {
    fn new() -> Self {
        let mut disk = Disk::new();
        let mut model = Model::default();
        let folder = disk.create(ROOT, "folder".as_ref(), true, (0o700, 0, 0)).unwrap();
        model.naming(&[(ROOT, "folder", Some(folder))]);
        Self { disk, model, folder }
    }

    fn place(&self, name: usize) -> (Ino, &'static str) {
        (if name < 3 { ROOT } else { self.folder }, NAMES[name % 3])
    }

    fn find(&self, name: usize) -> Option<Ino> {
        let (folder, name) = self.place(name);
        self.disk.find(folder, name.as_ref()).ok()
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Create(name) => {
                let (folder, name) = self.place(name);
                if let Ok(ino) = self.disk.create(folder, name.as_ref(), false, (0o600, 0, 0)) {
                    self.model.naming(&[(folder, name, Some(ino))]);
                    self.model.files.entry(ino).or_default().lengths.push(0);
                }
            }
            Step::Write(name, at, length, byte) => {
                let Some(ino) = self.find(name) else { return };
                self.disk.write(ino, at as u64, &vec![byte; length]).unwrap();
                self.model.files.get_mut(&ino).unwrap().change(|content| {
                    content.resize(content.len().max(at + length), 0);
                    content[at..at + length].fill(byte);
                });
            }
            Step::Cut(name, length) => {
                let Some(ino) = self.find(name) else { return };
                self.disk.set_length(ino, length as u64).unwrap();
                let file = self.model.files.get_mut(&ino).unwrap();
                file.change(|content| content.resize(length, 0));
            }
            Step::Rename(from, to) => {
                let Some(ino) = self.find(from).filter(|_| from != to) else {
                    return;
                };
                let ((from, old), (to, new)) = (self.place(from), self.place(to));
                self.disk.rename((from, old.as_ref()), (to, new.as_ref())).unwrap();
                self.model.naming(&[(from, old, None), (to, new, Some(ino))]);
            }
            Step::Remove(name) => {
                let (folder, name) = self.place(name);
                if self.disk.remove(folder, name.as_ref()).is_ok() {
                    self.model.naming(&[(folder, name, None)]);
                }
            }
            Step::Sync(name) => {
                let Some(ino) = self.find(name) else { return };
                self.disk.sync(ino).unwrap();
                self.model.files.get_mut(&ino).unwrap().sync();
            }
            Step::SyncFolder(is_root) => {
                let folder = if is_root { ROOT } else { self.folder };
                self.disk.sync_folder(folder).unwrap();
                self.model.sync_folder(folder);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_state_after_a_crash_is_one_that_the_model_permits(steps in steps(), seed: u64) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.run(step);
        }
        pair.model.permits(&pair.disk).map_err(|what| TestCaseError::fail(format!("without a crash: {what}")))?;
        for mode in Crash::ALL {
            for round in 0..4 {
                let left = pair.disk.crash(mode, seed.wrapping_add(round));
                prop_assert!(seen(&left) == seen(&left.crash(Crash::Drop, 0)), "what a crash left is durable");
                pair.model
                    .permits(&left)
                    .map_err(|what| TestCaseError::fail(format!("{mode:?} {round}: {what}")))?;
            }
        }
    }

    #[test]
    fn what_was_synced_is_there_after_any_crash(steps in steps(), seed: u64) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.run(step);
        }
        for name in 0..6 {
            pair.run(&Step::Sync(name));
        }
        pair.run(&Step::SyncFolder(true));
        pair.run(&Step::SyncFolder(false));
        for mode in Crash::ALL {
            prop_assert!(seen(&pair.disk.crash(mode, seed)) == seen(&pair.disk), "{mode:?}");
        }
    }
}

/// A file of eight synced sectors, written over twice without a sync.
fn written_over() -> Pair {
    let mut pair = Pair::new();
    for step in [
        Step::Create(0),
        Step::Write(0, 0, 8 * SECTOR, 1),
        Step::Sync(0),
        Step::SyncFolder(true),
        Step::Write(0, 0, 4 * SECTOR, 2),
        Step::Write(0, 4 * SECTOR, 4 * SECTOR, 3),
    ] {
        pair.run(&step);
    }
    pair
}

/// First and last sector of each half of the file: what 300 seeds lead to.
fn outcomes(pair: &Pair, mode: Crash) -> BTreeSet<Vec<u8>> {
    let states = (0..300).map(|seed| {
        let (_, files) = seen(&pair.disk.crash(mode, seed));
        let content = files.values().next().unwrap();
        (0..8).map(|number| content[number * SECTOR]).collect()
    });
    states.collect()
}

#[test]
fn the_modes_reach_states_that_differ() {
    let pair = written_over();
    let whole = |first: u8, second: u8| [[first; 4], [second; 4]].concat();
    let (old, first, second, both) = (whole(1, 1), whole(2, 1), whole(1, 3), whole(2, 3));
    assert_eq!(outcomes(&pair, Crash::Drop), BTreeSet::from([old.clone()]));
    let all = BTreeSet::from([old, first, second.clone(), both]);
    assert_eq!(outcomes(&pair, Crash::Subset), all);
    assert_eq!(outcomes(&pair, Crash::Reorder), BTreeSet::from([second]));
    let torn = outcomes(&pair, Crash::Tear);
    assert!(torn.difference(&all).count() > 6, "{torn:?}");
}

#[test]
fn the_model_refuses_a_disk_that_forgets_or_invents() {
    let mut pair = written_over();
    pair.model.permits(&pair.disk.crash(Crash::Drop, 0)).unwrap();
    // The model was told of a sync, and the disk was not.
    let file = pair.find(0).unwrap();
    pair.model.files.get_mut(&file).unwrap().sync();
    pair.model.permits(&pair.disk).unwrap();
    assert!(pair.model.permits(&pair.disk.crash(Crash::Drop, 0)).is_err());

    let mut pair = written_over();
    pair.run(&Step::Create(1));
    pair.model.permits(&pair.disk.crash(Crash::Drop, 0)).unwrap();
    pair.model.sync_folder(ROOT);
    assert!(pair.model.permits(&pair.disk.crash(Crash::Drop, 0)).is_err());

    let mut pair = written_over();
    pair.disk.write(file, 100, b"from nowhere").unwrap();
    assert!(pair.model.permits(&pair.disk).is_err());
}

#[test]
fn a_sync_that_failed_has_lost_what_it_should_have_kept() {
    let mut disk = Disk::new();
    let file = disk.create(ROOT, "a".as_ref(), false, (0o600, 0, 0)).unwrap();
    disk.sync_folder(ROOT).unwrap();
    disk.write(file, 0, b"lost").unwrap();
    disk.fail_sync(file).unwrap();
    disk.sync(file).unwrap();
    assert_eq!(disk.read(file, 0, 9), Ok(&b"lost"[..]), "the cache still has it");
    assert_eq!(disk.crash(Crash::Drop, 0).read(file, 0, 9), Ok(&[0; 4][..]));
    disk.write(file, 0, b"anew").unwrap();
    disk.sync(file).unwrap();
    assert_eq!(disk.crash(Crash::Drop, 0).read(file, 0, 9), Ok(&b"anew"[..]));
}
