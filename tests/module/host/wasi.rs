//! The functions of WASI preview 1 that a Rust module for `wasm32-wasip1` imports, as narrow as Envoy's: no files,
//! no environment, output goes to the log.

use wasmtime::{Caller, Error, Linker, Result};

use super::guest::{Guest, Host, LogLine};

/// The module name of every WASI import.
const WASI: &str = "wasi_snapshot_preview1";
/// WASI's `EBADF`.
const BAD_DESCRIPTOR: u32 = 8;
/// WASI's success.
const SUCCESS: u32 = 0;

type Ctx<'a> = Caller<'a, Host>;

/// Makes the WASI functions known to `linker`.
pub fn link(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(
        WASI,
        "fd_write",
        |ctx: Ctx<'_>, descriptor: u32, parts: u32, count: u32, written: u32| {
            let mut guest = Guest::enter(ctx, "fd_write");
            let level = match descriptor {
                1 => 2,
                2 => 4,
                _ => return Ok(BAD_DESCRIPTOR),
            };
            let mut text = Vec::new();
            for part in 0..count {
                let entry = guest.read(parts + part * 8, 8)?;
                let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
                text.extend(guest.read(number(&entry[..4]), number(&entry[4..]))?);
            }
            guest.write_u32(written, u32::try_from(text.len()).expect("a guest's memory is below 4 GiB"))?;
            let message = String::from_utf8_lossy(&text).into_owned();
            guest.host().logs.push(LogLine { level, message });
            Ok(SUCCESS)
        },
    )?;
    for name in ["environ_sizes_get", "args_sizes_get"] {
        linker.func_wrap(WASI, name, move |ctx: Ctx<'_>, return_count: u32, return_size: u32| {
            let mut guest = Guest::enter(ctx, name);
            guest.write_u32(return_count, 0)?;
            guest.write_u32(return_size, 0)?;
            Ok(SUCCESS)
        })?;
    }
    for name in ["environ_get", "args_get"] {
        linker.func_wrap(WASI, name, move |ctx: Ctx<'_>, _: u32, _: u32| {
            Guest::enter(ctx, name);
            SUCCESS
        })?;
    }
    linker.func_wrap(WASI, "random_get", |ctx: Ctx<'_>, data: u32, size: u32| {
        let mut guest = Guest::enter(ctx, "random_get");
        let bytes: Vec<u8> = (0..size).map(|_| next_random(&mut guest.host().random)).collect();
        guest.write(data, &bytes)?;
        Ok(SUCCESS)
    })?;
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |ctx: Ctx<'_>, _clock: u32, _precision: u64, return_time: u32| {
            let mut guest = Guest::enter(ctx, "clock_time_get");
            let now = guest.host().process.clock().read();
            guest.write(return_time, &now.to_le_bytes())?;
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(WASI, "proc_exit", |ctx: Ctx<'_>, code: u32| -> Result<()> {
        Guest::enter(ctx, "proc_exit");
        Err(Error::msg(format!("the guest called proc_exit({code})")))
    })?;
    linker.func_wrap(WASI, "sched_yield", |ctx: Ctx<'_>| {
        Guest::enter(ctx, "sched_yield");
        SUCCESS
    })?;
    linker.func_wrap(WASI, "fd_close", |ctx: Ctx<'_>, _: u32| {
        Guest::enter(ctx, "fd_close");
        BAD_DESCRIPTOR
    })?;
    linker.func_wrap(WASI, "fd_seek", |ctx: Ctx<'_>, _: u32, _: u64, _: u32, _: u32| {
        Guest::enter(ctx, "fd_seek");
        BAD_DESCRIPTOR
    })?;
    linker.func_wrap(WASI, "fd_fdstat_get", |ctx: Ctx<'_>, _: u32, _: u32| {
        Guest::enter(ctx, "fd_fdstat_get");
        BAD_DESCRIPTOR
    })?;
    Ok(())
}

/// The next byte of a xorshift generator: the same bytes in every run.
fn next_random(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.to_le_bytes()[3]
}
