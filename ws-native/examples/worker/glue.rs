//! The interfaces of the web in JavaScript: modules that are embedded in the program.

/// Each module's name and text. Those that the npm package shares come from there.
pub(crate) const MODULES: &[(&str, &str)] = &[
    ("abort.js", include_str!("glue/abort.js")),
    ("blob.js", include_str!("glue/blob.js")),
    ("callback.js", include_str!("glue/callback.js")),
    ("connection.js", include_str!("glue/connection.js")),
    ("console.js", include_str!("glue/console.js")),
    ("conversion.js", include_str!("glue/conversion.js")),
    ("dom-exception.js", include_str!("glue/dom-exception.js")),
    ("encoding.js", include_str!("glue/encoding.js")),
    ("event-target.js", include_str!("glue/event-target.js")),
    ("event.js", include_str!("glue/event.js")),
    ("events.js", include_str!("glue/events.js")),
    ("form-urlencoded.js", include_str!("glue/form-urlencoded.js")),
    ("global-scope.js", include_str!("glue/global-scope.js")),
    ("globals.js", include_str!("glue/globals.js")),
    ("host.js", include_str!("glue/host.js")),
    ("inspect.js", include_str!("glue/inspect.js")),
    ("intrinsics.js", include_str!("glue/intrinsics.js")),
    ("location.js", include_str!("glue/location.js")),
    ("microtask.js", include_str!("glue/microtask.js")),
    ("performance.js", include_str!("glue/performance.js")),
    ("pipe.js", include_str!("glue/pipe.js")),
    ("platform-test.js", include_str!("glue/platform-test.js")),
    ("promise.js", include_str!("glue/promise.js")),
    ("queue-with-sizes.js", include_str!("glue/queue-with-sizes.js")),
    ("queuing-strategy.js", include_str!("glue/queuing-strategy.js")),
    ("readable-stream-async-iterator.js", include_str!("glue/readable-stream-async-iterator.js")),
    ("readable-stream-default-controller.js", include_str!("glue/readable-stream-default-controller.js")),
    ("readable-stream-default-reader.js", include_str!("glue/readable-stream-default-reader.js")),
    ("readable-stream-slots.js", include_str!("glue/readable-stream-slots.js")),
    ("readable-stream-tee.js", include_str!("glue/readable-stream-tee.js")),
    ("readable-stream.js", include_str!("glue/readable-stream.js")),
    ("report.js", include_str!("glue/report.js")),
    ("streams.js", include_str!("glue/streams.js")),
    ("timers.js", include_str!("glue/timers.js")),
    ("url-search-params.js", include_str!("glue/url-search-params.js")),
    ("url.js", include_str!("glue/url.js")),
    ("writable-stream-default-controller.js", include_str!("glue/writable-stream-default-controller.js")),
    ("writable-stream-default-writer.js", include_str!("glue/writable-stream-default-writer.js")),
    ("writable-stream-slots.js", include_str!("glue/writable-stream-slots.js")),
    ("writable-stream.js", include_str!("glue/writable-stream.js")),
    ("event-handler.js", include_str!("../../../js/src/event-handler.js")),
    ("stream.js", include_str!("../../../js/src/stream.js")),
    ("webidl.js", include_str!("../../../js/src/webidl.js")),
    ("websocket-error.js", include_str!("../../../js/src/websocket-error.js")),
    ("websocket.js", include_str!("../../../js/src/websocket.js")),
    ("main.js", include_str!("glue/main.js")),
];

/// The text of a module that is imported as `./name.js`, and its name.
pub(crate) fn module(specifier: &str) -> Option<(&'static str, &'static str)> {
    let name = specifier.strip_prefix("./").unwrap_or(specifier);
    MODULES.iter().find(|(known, _)| *known == name).copied()
}
