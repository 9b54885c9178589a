//! Host functions that act: resume, reset, answer, call out. And those that this host does not have.

use std::time::Duration;

use wasmtime::{Linker, Result};

use super::abi::{Ctx, ENV, Status};
use super::guest::{Dispatch, Guest, Host, done};
use super::headers::Headers;
use super::stream::LocalResponse;

/// Makes the functions known to `linker`.
pub fn link(linker: &mut Linker<Host>) -> Result<()> {
    link_streams(linker)?;
    link_callouts(linker)?;
    link_unimplemented(linker)
}

fn link_streams(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(ENV, "proxy_continue_stream", |ctx: Ctx<'_>, kind: u32| {
        let mut guest = Guest::enter(ctx, "proxy_continue_stream");
        let Some(stream) = guest.host().stream() else { return done(Status::Ok) };
        match kind {
            0 => stream.resume_request = true,
            1 => stream.resume_response = true,
            2 => return done(Status::Ok),
            3 => return done(Status::Unimplemented),
            _ => return done(Status::BadArgument),
        }
        // Carried out after the callback, but the request's maps and buffer are out of reach at once.
        stream.request.close();
        done(Status::Ok)
    })?;
    linker.func_wrap(ENV, "proxy_close_stream", |ctx: Ctx<'_>, kind: u32| {
        let mut guest = Guest::enter(ctx, "proxy_close_stream");
        if kind > 3 {
            return done(Status::BadArgument);
        }
        if let Some(stream) = guest.host().stream() {
            stream.reset = true;
        }
        done(Status::Ok)
    })?;
    linker.func_wrap(
        ENV,
        "proxy_send_local_response",
        |ctx: Ctx<'_>,
         status: u32,
         _: u32,
         _: u32,
         body: u32,
         body_size: u32,
         map: u32,
         map_size: u32,
         _: i32| {
            let mut guest = Guest::enter(ctx, "proxy_send_local_response");
            let (body, wire) = (guest.read(body, body_size)?, guest.read(map, map_size)?);
            let Some(headers) = Headers::from_wire(&wire) else { return done(Status::BadArgument) };
            if let Some(stream) = guest.host().stream() {
                stream.local_response = Some(LocalResponse { status, headers, body });
            }
            done(Status::Ok)
        },
    )?;
    Ok(())
}

fn link_callouts(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(
        ENV,
        "proxy_http_call",
        |ctx: Ctx<'_>,
         cluster: u32,
         cluster_size: u32,
         map: u32,
         map_size: u32,
         body: u32,
         body_size: u32,
         _trailers: u32,
         _trailers_size: u32,
         timeout: u32,
         return_token: u32| {
            let mut guest = Guest::enter(ctx, "proxy_http_call");
            let cluster = guest.text(cluster, cluster_size)?;
            let (wire, body) = (guest.read(map, map_size)?, guest.read(body, body_size)?);
            let Some(headers) = Headers::from_wire(&wire) else { return done(Status::BadArgument) };
            let host = guest.host();
            let complete = [":method", ":path", ":authority"].iter().all(|name| headers.get(name).is_some());
            if !complete || !host.process.has_cluster(&cluster) {
                return done(Status::BadArgument);
            }
            if host.process.is_empty(&cluster) {
                return done(Status::InternalFailure);
            }
            let root = host.context();
            host.last_token += 1;
            let token = host.last_token;
            let timeout = Duration::from_millis(timeout.into());
            host.dispatches.push(Dispatch { root, token, cluster, headers, body, timeout });
            guest.write_u32(return_token, token)?;
            done(Status::Ok)
        },
    )?;
    linker.func_wrap(
        ENV,
        "proxy_call_foreign_function",
        |ctx: Ctx<'_>, name: u32, name_size: u32, _: u32, _: u32, return_data: u32, return_size: u32| {
            let mut guest = Guest::enter(ctx, "proxy_call_foreign_function");
            let name = guest.text(name, name_size)?;
            if name != "clear_route_cache" && name != "declare_property" {
                return done(Status::NotFound);
            }
            if let Some(stream) = guest.host().stream() {
                stream.foreign_calls.push(name);
            }
            guest.give(&[], return_data, return_size)?;
            done(Status::Ok)
        },
    )?;
    Ok(())
}

/// gRPC, queues and the rest: no part of tiergate uses them.
fn link_unimplemented(linker: &mut Linker<Host>) -> Result<()> {
    macro_rules! unimplemented_calls {
        ($($name:literal ($($argument:ident),*);)*) => {$(
            linker.func_wrap(ENV, $name, |ctx: Ctx<'_>, $($argument: u32),*| {
                let _ = ($($argument,)*);
                Guest::enter(ctx, $name);
                done(Status::Unimplemented)
            })?;
        )*};
    }
    unimplemented_calls! {
        "proxy_register_shared_queue"(a, b, c);
        "proxy_resolve_shared_queue"(a, b, c, d, e);
        "proxy_dequeue_shared_queue"(a, b, c);
        "proxy_enqueue_shared_queue"(a, b, c);
        "proxy_grpc_call"(a, b, c, d, e, f, g, h, i, j, k, l);
        "proxy_grpc_stream"(a, b, c, d, e, f, g, h, i);
        "proxy_grpc_send"(a, b, c, d);
        "proxy_grpc_cancel"(a);
        "proxy_grpc_close"(a);
        "proxy_get_status"(a, b, c);
    }
    Ok(())
}
