use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDate;

use super::super::clock::ManualClock;
use super::*;

struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    complaints: Arc<AtomicUsize>,
    log: RollingLog,
}

fn bench(max_size: u64, max_days: u32, close_on_write: bool) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let noon = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap().and_hms_opt(12, 0, 0).unwrap();
    let clock = Arc::new(ManualClock::at(noon, Duration::from_secs(3600)));
    let complaints = Arc::new(AtomicUsize::new(0));
    let options = RollingOptions {
        dir: folder.path().join("logs/deep"),
        name: "Error".into(),
        max_size,
        max_days,
        close_on_write,
    };
    let log = RollingLog::new(options, clock.clone(), Box::new(|_| "#Head\n".into()), {
        let complaints = complaints.clone();
        Box::new(move |_| {
            complaints.fetch_add(1, Ordering::Relaxed);
        })
    });
    Bench { folder, clock, complaints, log }
}

impl Bench {
    fn dir(&self) -> PathBuf {
        self.folder.path().join("logs/deep")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir().join(name)).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

const HEAD: &str = "#Log File Created On: 11/22/2026 12:00:00\n#Head\n";

#[test]
fn a_new_log_has_its_head_in_a_private_folder() {
    let bench = bench(0, 0, false);
    bench.log.write("one");
    bench.log.write("two");
    assert_eq!(bench.read("Error.log"), format!("{HEAD}one\ntwo\n"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.dir()), 0o700);
    assert_eq!(mode(&bench.folder.path().join("logs")), 0o700);
}

#[test]
fn a_log_that_grew_too_large_is_rolled_before_the_next_line() {
    let bench = bench(HEAD.len() as u64 + 3, 0, false);
    bench.log.write("one");
    bench.log.write("two");
    bench.log.write("three");
    assert_eq!(bench.names(), ["Error.261122000.log", "Error.261122001.log", "Error.log"]);
    assert_eq!(bench.read("Error.261122000.log"), format!("{HEAD}one\n"));
    assert_eq!(bench.read("Error.log"), format!("{HEAD}three\n"));
}

#[test]
fn a_log_is_rolled_by_days_since_the_midnight_of_its_creation() {
    let bench = bench(0, 2, false);
    bench.log.write("sunday");
    bench.clock.advance(Duration::from_secs(35 * 3600 + 3599));
    bench.log.write("monday");
    bench.log.tick();
    assert_eq!(bench.names(), ["Error.log"]);
    bench.clock.advance(Duration::from_secs(1));
    bench.log.tick();
    assert_eq!(bench.names(), ["Error.261122000.log", "Error.log"]);
    assert_eq!(bench.read("Error.log"), "#Log File Created On: 11/24/2026 00:00:00\n#Head\n");
}

#[test]
fn the_age_of_an_older_file_is_read_from_its_first_line() {
    let bench = bench(0, 7, true);
    fs::create_dir_all(bench.dir()).unwrap();
    fs::write(bench.dir().join("Error.log"), "#Log File Created On: 11/15/2026 23:59:59\nold\n").unwrap();
    bench.log.write("new");
    assert_eq!(bench.read("Error.261115000.log"), "#Log File Created On: 11/15/2026 23:59:59\nold\n");
    assert_eq!(bench.read("Error.log"), format!("{HEAD}new\n"));
}

#[test]
fn trap_22_garbage_in_the_first_line_means_the_files_date_counts() {
    let bench = bench(0, 7, false);
    fs::create_dir_all(bench.dir()).unwrap();
    let path = bench.dir().join("Error.log");
    fs::write(&path, b"#Log File Created On: 99/\xFF/x\n").unwrap();
    File::options().append(true).open(&path).unwrap().set_modified(bench.clock.now()).unwrap();
    bench.log.write("kept");
    assert_eq!(bench.names(), ["Error.log"], "as old as its date says");
    bench.log.reopen();
    let old = bench.clock.now() - Duration::from_secs(8 * 86_400);
    File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
    bench.log.reopen();
    bench.log.write("rolled");
    assert_eq!(bench.names(), ["Error.261114000.log", "Error.log"]);
}

#[test]
fn trap_21_a_log_that_was_moved_away_is_noticed_at_the_next_line() {
    let bench = bench(0, 0, false);
    bench.log.write("one");
    fs::rename(bench.dir().join("Error.log"), bench.dir().join("moved")).unwrap();
    bench.log.write("two");
    assert_eq!(bench.read("moved"), format!("{HEAD}one\n"));
    assert_eq!(bench.read("Error.log"), format!("{HEAD}two\n"));
}

#[test]
fn a_log_that_cannot_be_written_is_complained_about_once_and_comes_back() {
    let bench = bench(0, 0, false);
    // A file where the folder should be stops even root.
    fs::write(bench.folder.path().join("logs"), "").unwrap();
    bench.log.write("lost 1");
    bench.log.write("lost 2");
    bench.clock.advance(Duration::from_secs(2));
    bench.log.write("lost 3");
    assert_eq!(bench.complaints.load(Ordering::Relaxed), 1);
    fs::remove_file(bench.folder.path().join("logs")).unwrap();
    bench.clock.advance(Duration::from_secs(2));
    bench.log.write("back");
    let head = HEAD.replace("12:00:00", "12:00:04");
    assert_eq!(bench.read("Error.log"), format!("{head}#Remark: 3 lines before this could not be written\nback\n"));
}

#[test]
fn a_date_put_back_by_a_day_is_no_reason_to_wait_a_day_for_the_log() {
    let bench = bench(0, 0, false);
    fs::write(bench.folder.path().join("logs"), "in the way").unwrap();
    bench.log.write("lost");
    fs::remove_file(bench.folder.path().join("logs")).unwrap();
    bench.clock.put_back(Duration::from_secs(86_400));
    bench.log.write("there");
    assert!(bench.read("Error.log").ends_with("#Remark: 1 lines before this could not be written\nthere\n"));
}

#[test]
fn trap_20_a_roll_that_fails_leaves_the_log_growing_and_is_tried_again() {
    let bench = bench(10, 0, false);
    bench.log.write("one");
    // A folder in the way of the only name left stops even root.
    for number in 0..1000 {
        fs::write(bench.dir().join(format!("Error.261122{number:03}.log")), "").unwrap();
    }
    let obstacle = bench.dir().join("Error.261122---.log");
    fs::create_dir(&obstacle).unwrap();
    bench.log.write("two");
    bench.log.write("three");
    assert_eq!(bench.complaints.load(Ordering::Relaxed), 1);
    assert_eq!(bench.read("Error.log"), format!("{HEAD}one\ntwo\nthree\n"));
    fs::remove_dir(&obstacle).unwrap();
    fs::write(&obstacle, "overwritten").unwrap();
    bench.clock.advance(Duration::from_secs(61));
    bench.log.write("four");
    assert_eq!(bench.read("Error.261122---.log"), format!("{HEAD}one\ntwo\nthree\n"));
    assert_eq!(bench.read("Error.log"), "#Log File Created On: 11/22/2026 12:01:01\n#Head\nfour\n");
}

#[test]
fn rolling_by_hand_takes_a_new_name_and_folder_into_use() {
    let bench = bench(0, 0, false);
    assert_eq!(bench.log.roll().unwrap(), None);
    bench.log.write("one");
    let other = bench.folder.path().join("other");
    let options =
        RollingOptions { dir: other.clone(), name: "New".into(), max_size: 0, max_days: 0, close_on_write: false };
    bench.log.set_options(options);
    bench.log.write("two");
    assert_eq!(bench.read("Error.log"), format!("{HEAD}one\ntwo\n"), "names change at the next roll");
    assert_eq!(bench.log.roll().unwrap(), Some(bench.dir().join("Error.261122000.log")));
    bench.log.write("three");
    assert_eq!(fs::read_to_string(other.join("New.log")).unwrap(), format!("{HEAD}three\n"));
}

#[test]
fn a_log_closed_after_each_line_holds_no_file() {
    let bench = bench(0, 0, true);
    bench.log.write("one");
    assert!(bench.log.state.lock().open.is_none());
    bench.log.write("two");
    assert_eq!(bench.read("Error.log"), format!("{HEAD}one\ntwo\n"));
}

#[test]
fn a_line_that_a_crash_cut_off_is_ended_before_the_next_one() {
    let bench = bench(0, 0, false);
    fs::create_dir_all(bench.dir()).unwrap();
    fs::write(bench.dir().join("Error.log"), format!("{HEAD}cut o")).unwrap();
    bench.log.write("one");
    assert_eq!(bench.read("Error.log"), format!("{HEAD}cut o\none\n"));
}
