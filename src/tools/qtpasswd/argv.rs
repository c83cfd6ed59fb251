//! Blanks a password among the arguments that `ps` shows.

use std::fs;

/// Fields of `/proc/self/stat` (proc(5)) with the begin and end of the arguments in memory, counted after the name of the
/// program, which is field 2.
const ARGUMENTS_START: usize = 48 - 3;
const ARGUMENTS_END: usize = 49 - 3;

/// The most that is looked at; the kernel allows about 2 MiB.
const MAX_LENGTH: usize = 4 << 20;

/// Overwrites each argument that ends with the password. Does nothing where the system does not say where the arguments are.
/// To be called while the process has one thread and reads its arguments no more.
pub(super) fn blank(password: &[u8]) {
    let Some((start, length)) = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| arguments(&stat)) else {
        return;
    };
    let start = std::ptr::with_exposed_provenance_mut::<u8>(start);
    // SAFETY: the kernel says that the arguments are there: on the stack, writable, of this length, for the life of the
    // process. They belong to no Rust object; the runtime reads them only when asked for arguments, by this one thread.
    let memory = unsafe { std::slice::from_raw_parts_mut(start, length) };
    blank_in(memory, password);
}

fn arguments(stat: &str) -> Option<(usize, usize)> {
    // The program's name is in parentheses and may have blanks and parentheses in it.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |at: usize| fields.get(at)?.parse::<usize>().ok();
    let (start, end) = (field(ARGUMENTS_START)?, field(ARGUMENTS_END)?);
    let length = end.checked_sub(start)?;
    (start > 0 && (1..MAX_LENGTH).contains(&length)).then_some((start, length))
}

/// Overwrites the ends of the zero-terminated arguments that are the password.
fn blank_in(memory: &mut [u8], password: &[u8]) {
    if password.is_empty() {
        return;
    }
    for argument in memory.split_mut(|&byte| byte == 0) {
        if argument.ends_with(password) {
            let at = argument.len() - password.len();
            argument[at..].fill(b' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_arguments_is_found_whatever_the_program_is_called() {
        let fields = |name: &str| {
            let numbers: Vec<String> = (4..=52).map(|number| (number * 1000).to_string()).collect();
            format!("1 ({name}) S {}", numbers.join(" "))
        };
        for name in ["qtpasswd", "a b) S 1 (x"] {
            assert_eq!(arguments(&fields(name)), Some((48_000, 1000)));
        }
        assert_eq!(arguments("1 (x) S 0 0"), None);
        let own = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| arguments(&stat));
        assert!(own.is_some_and(|(_, length)| length < MAX_LENGTH), "{own:?}");
    }

    #[test]
    fn the_password_goes_and_the_rest_stays() {
        let mut memory = *b"qtpasswd\0-p\0secret\0-Fpsecret\0bob\0";
        blank_in(&mut memory, b"secret");
        assert_eq!(&memory, b"qtpasswd\0-p\0      \0-Fp      \0bob\0");
        blank_in(&mut memory, b"");
        assert_eq!(&memory, b"qtpasswd\0-p\0      \0-Fp      \0bob\0");
    }
}
