//! The `proxy_*` host functions of ABI 0.2.1, with the behaviour of Envoy's own.

use std::time::Duration;

use wasmtime::{Caller, Linker, Result};

use super::actions;
use super::guest::{Guest, Host, LogLine, done};
use super::headers::Headers;

/// What a host function answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It worked.
    Ok = 0,
    /// There is no such thing.
    NotFound = 1,
    /// Not with these arguments, or not now.
    BadArgument = 2,
    /// Somebody else was faster.
    CasMismatch = 8,
    /// The proxy could not.
    InternalFailure = 10,
    /// This host has no such function; the SDK panics on it.
    Unimplemented = 12,
}

/// The module name of every proxy-wasm import.
pub(super) const ENV: &str = "env";

/// The caller of a host function.
pub(super) type Ctx<'a> = Caller<'a, Host>;

/// Makes every `proxy_*` function known to `linker`.
pub fn link(linker: &mut Linker<Host>) -> Result<()> {
    link_process(linker)?;
    link_buffers(linker)?;
    link_headers(linker)?;
    link_properties_and_data(linker)?;
    link_metrics(linker)?;
    actions::link(linker)
}

fn link_process(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(ENV, "proxy_log", |ctx: Ctx<'_>, level: u32, data: u32, size: u32| {
        let mut guest = Guest::enter(ctx, "proxy_log");
        let message = guest.text(data, size)?;
        guest.host().logs.push(LogLine { level, message });
        done(Status::Ok)
    })?;
    linker.func_wrap(ENV, "proxy_get_log_level", |ctx: Ctx<'_>, return_level: u32| {
        let mut guest = Guest::enter(ctx, "proxy_get_log_level");
        let level = guest.host().log_level;
        guest.write_u32(return_level, level)?;
        done(Status::Ok)
    })?;
    linker.func_wrap(ENV, "proxy_get_current_time_nanoseconds", |ctx: Ctx<'_>, return_time: u32| {
        let mut guest = Guest::enter(ctx, "proxy_get_current_time_nanoseconds");
        let now = guest.host().process.clock().read();
        guest.write(return_time, &now.to_le_bytes())?;
        done(Status::Ok)
    })?;
    linker.func_wrap(ENV, "proxy_set_tick_period_milliseconds", |ctx: Ctx<'_>, period: u32| {
        let mut guest = Guest::enter(ctx, "proxy_set_tick_period_milliseconds");
        guest.host().tick_period = (period > 0).then(|| Duration::from_millis(period.into()));
        done(Status::Ok)
    })?;
    linker.func_wrap(ENV, "proxy_set_effective_context", |ctx: Ctx<'_>, context: u32| {
        let mut guest = Guest::enter(ctx, "proxy_set_effective_context");
        let host = guest.host();
        if !host.streams.contains_key(&context) && !host.roots.contains(&context) {
            return done(Status::BadArgument);
        }
        host.effective = context;
        done(Status::Ok)
    })?;
    linker.func_wrap(ENV, "proxy_done", |ctx: Ctx<'_>| {
        Guest::enter(ctx, "proxy_done");
        done(Status::NotFound)
    })?;
    Ok(())
}

fn link_buffers(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(
        ENV,
        "proxy_get_buffer_bytes",
        |ctx: Ctx<'_>, kind: u32, start: u32, size: u32, return_data: u32, return_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_get_buffer_bytes");
            let host = guest.host();
            let held: Option<&[u8]> = match kind {
                0 => host.stream().map(|s| if s.request.body_open { s.request.body.as_slice() } else { &[] }),
                1 => {
                    host.stream().map(|s| if s.response.body_open { s.response.body.as_slice() } else { &[] })
                }
                4 => host
                    .answer
                    .as_ref()
                    .filter(|answer| answer.headers.is_some())
                    .map(|answer| answer.body.as_slice()),
                6 => Some(&[]),
                7 => host.plugin_configuration.as_deref(),
                _ => None,
            };
            let Some(held) = held else { return done(Status::NotFound) };
            let (start, size) = (start as usize, size as usize);
            let end = (start + size).min(held.len());
            let Some(bytes) = held.get(start..end).map(<[u8]>::to_vec) else {
                return done(Status::BadArgument);
            };
            guest.give(&bytes, return_data, return_size)?;
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_set_buffer_bytes",
        |ctx: Ctx<'_>, kind: u32, start: u32, size: u32, data: u32, data_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_set_buffer_bytes");
            let bytes = guest.read(data, data_size)?;
            let (start, size) = (start as usize, size as usize);
            let status = match (kind, guest.host().stream()) {
                (0, Some(stream)) => stream.request.set_body(start, size, &bytes),
                (1, Some(stream)) => stream.response.set_body(start, size, &bytes),
                _ => Status::BadArgument,
            };
            done(status)
        },
    )?;
    Ok(())
}

/// A map for reading. `Err(BadArgument)` when it is out of reach: the SDK panics on that.
fn readable(host: &mut Host, kind: u32) -> std::result::Result<&Headers, Status> {
    if kind == 6 {
        return host.answer.as_ref().and_then(|answer| answer.headers.as_ref()).ok_or(Status::BadArgument);
    }
    let stream = host.stream().ok_or(Status::BadArgument)?;
    let (open, map) = match kind {
        0 => (stream.request.headers_open, &stream.request.headers),
        1 => (stream.request.trailers_open, &stream.request.trailers),
        2 => (stream.response.headers_open, &stream.response.headers),
        3 => (stream.response.trailers_open, &stream.response.trailers),
        _ => return Err(Status::BadArgument),
    };
    if stream.logging {
        return map.as_ref().ok_or(Status::NotFound);
    }
    map.as_ref().filter(|_| open).ok_or(Status::BadArgument)
}

/// A map for changing.
fn writable(host: &mut Host, kind: u32) -> std::result::Result<&mut Headers, Status> {
    let stream = host.stream().ok_or(Status::BadArgument)?;
    let map = match kind {
        0 => stream.request.headers_mut(),
        1 => stream.request.trailers_mut(),
        2 => stream.response.headers_mut(),
        3 => stream.response.trailers_mut(),
        _ => None,
    };
    map.ok_or(Status::BadArgument)
}

/// Changes a map, or says why not.
fn change(host: &mut Host, kind: u32, edit: impl FnOnce(&mut Headers)) -> Result<u32> {
    match writable(host, kind) {
        Ok(map) => {
            edit(map);
            done(Status::Ok)
        }
        Err(status) => done(status),
    }
}

fn link_headers(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(
        ENV,
        "proxy_get_header_map_pairs",
        |ctx: Ctx<'_>, kind: u32, return_data: u32, return_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_get_header_map_pairs");
            // Out of reach is an empty map here, not an error.
            let wire = readable(guest.host(), kind).map(Headers::to_wire).unwrap_or_default();
            guest.give(&wire, return_data, return_size)?;
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_set_header_map_pairs",
        |ctx: Ctx<'_>, kind: u32, data: u32, size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_set_header_map_pairs");
            let wire = guest.read(data, size)?;
            let Some(headers) = Headers::from_wire(&wire) else { return done(Status::BadArgument) };
            change(guest.host(), kind, |map| *map = headers)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_get_header_map_value",
        |ctx: Ctx<'_>, kind: u32, key: u32, key_size: u32, return_data: u32, return_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_get_header_map_value");
            let key = guest.text(key, key_size)?;
            let value = match readable(guest.host(), kind) {
                Ok(map) => map.get(&key).map(<[u8]>::to_vec),
                Err(status) => return done(status),
            };
            let Some(value) = value else { return done(Status::NotFound) };
            guest.give(&value, return_data, return_size)?;
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_replace_header_map_value",
        |ctx: Ctx<'_>, kind: u32, key: u32, key_size: u32, value: u32, value_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_replace_header_map_value");
            let (key, value) = (guest.text(key, key_size)?, guest.read(value, value_size)?);
            change(guest.host(), kind, |map| map.replace_first(&key, &value))
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_add_header_map_value",
        |ctx: Ctx<'_>, kind: u32, key: u32, key_size: u32, value: u32, value_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_add_header_map_value");
            let (key, value) = (guest.text(key, key_size)?, guest.read(value, value_size)?);
            change(guest.host(), kind, |map| map.add(&key, &value))
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_remove_header_map_value",
        |ctx: Ctx<'_>, kind: u32, key: u32, key_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_remove_header_map_value");
            let key = guest.text(key, key_size)?;
            change(guest.host(), kind, |map| map.remove(&key))
        },
    )?;
    Ok(())
}

fn link_properties_and_data(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(
        ENV,
        "proxy_get_property",
        |ctx: Ctx<'_>, path: u32, path_size: u32, return_data: u32, return_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_get_property");
            let path = guest.text(path, path_size)?;
            let host = guest.host();
            let set_by_filter =
                host.stream().and_then(|stream| stream.filter_state.get(&format!("wasm.{path}")).cloned());
            let Some(value) = set_by_filter.or_else(|| host.properties.get(&path).cloned()) else {
                return done(Status::NotFound);
            };
            guest.give(&value, return_data, return_size)?;
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_set_property",
        |ctx: Ctx<'_>, path: u32, path_size: u32, value: u32, value_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_set_property");
            let (path, value) = (guest.text(path, path_size)?, guest.read(value, value_size)?);
            // A root context has no stream to keep the state of; the SDK panics on the answer.
            let Some(stream) = guest.host().stream() else { return done(Status::NotFound) };
            stream.filter_state.insert(format!("wasm.{path}"), value);
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_get_shared_data",
        |ctx: Ctx<'_>, key: u32, key_size: u32, return_data: u32, return_size: u32, return_cas: u32| {
            let mut guest = Guest::enter(ctx, "proxy_get_shared_data");
            let key = guest.text(key, key_size)?;
            let known =
                guest.host().process.shared_data().get(&key).map(|(value, cas)| (value.to_vec(), cas));
            let Some((value, cas)) = known else { return done(Status::NotFound) };
            guest.give(&value, return_data, return_size)?;
            guest.write_u32(return_cas, cas)?;
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_set_shared_data",
        |ctx: Ctx<'_>, key: u32, key_size: u32, value: u32, value_size: u32, cas: u32| {
            let mut guest = Guest::enter(ctx, "proxy_set_shared_data");
            let (key, value) = (guest.text(key, key_size)?, guest.read(value, value_size)?);
            done(guest.host().process.shared_data().set(&key, &value, cas))
        },
    )?;
    Ok(())
}

fn link_metrics(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(
        ENV,
        "proxy_define_metric",
        |ctx: Ctx<'_>, kind: u32, name: u32, name_size: u32, return_id: u32| {
            let mut guest = Guest::enter(ctx, "proxy_define_metric");
            let name = guest.text(name, name_size)?;
            let defined = guest.host().process.metrics().define(kind, &name);
            match defined {
                Ok(id) => {
                    guest.write_u32(return_id, id)?;
                    done(Status::Ok)
                }
                Err(status) => done(status),
            }
        },
    )?;
    linker.func_wrap(ENV, "proxy_increment_metric", |ctx: Ctx<'_>, id: u32, offset: i64| {
        let mut guest = Guest::enter(ctx, "proxy_increment_metric");
        done(guest.host().process.metrics().increment(id, offset))
    })?;
    linker.func_wrap(ENV, "proxy_record_metric", |ctx: Ctx<'_>, id: u32, value: u64| {
        let mut guest = Guest::enter(ctx, "proxy_record_metric");
        done(guest.host().process.metrics().record(id, value))
    })?;
    linker.func_wrap(ENV, "proxy_get_metric", |ctx: Ctx<'_>, id: u32, return_value: u32| {
        let mut guest = Guest::enter(ctx, "proxy_get_metric");
        let value = guest.host().process.metrics().get(id);
        match value {
            Ok(value) => {
                guest.write(return_value, &value.to_le_bytes())?;
                done(Status::Ok)
            }
            Err(status) => done(status),
        }
    })?;
    Ok(())
}
