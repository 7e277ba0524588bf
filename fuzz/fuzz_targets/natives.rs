//! Bytes for the native modules, as a script hands them over: `natives.nse` says which does what.
#![no_main]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nseer_core::{Event, EventSink, Phase};
use nseer_engine::data_dir::{DataDirConfig, DataDirs};
use nseer_engine::selection::{Request, resolve};
use nseer_engine::{Engine, EngineConfig, KeptRegistries, NewTargets, script_args};
use nseer_net::{Network, NetworkConfig};
use nseer_seam::{RealFiles, System};

/// Hears nothing and wants nothing.
struct Nobody;

impl EventSink for Nobody {
    fn emit(&self, _: Event) {}
}

impl NewTargets for Nobody {
    fn add(&self, _: &str) -> bool {
        false
    }
    fn waiting(&self) -> usize {
        0
    }
    fn added(&self) -> usize {
        0
    }
}

struct World {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    input: PathBuf,
}

impl World {
    fn new() -> World {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let input = folder.join(format!("nseer-fuzz-{}", std::process::id()));
        let embedded =
            DataDirConfig { embedded: Some(nseer_stdlib::file), ..DataDirConfig::default() };
        let data = Arc::new(DataDirs::new(embedded, Arc::new(RealFiles)));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz_targets/natives.nse").to_owned();
        let request = Request { scripts: vec![script], ..Request::default() };
        let args = format!("input={}", input.display());
        let config = EngineConfig {
            excluded_ports: Default::default(),
            many_hosts: false,
            system: System::real(),
            scripts: resolve(&request, &data).expect("the script").scripts,
            data,
            network: Network::new(NetworkConfig::default()),
            events: Arc::new(Nobody),
            new_targets: Arc::new(Nobody),
            script_args: script_args::parse(None, Some(args.as_bytes())).expect("arguments").table,
            workers: NonZeroUsize::new(1),
            levels: Arc::default(),
            timing_level: 3,
            version_intensity: 7,
            script_timeout: None,
            // What is slow on purpose is stopped, and that is all right.
            compute_limit: Duration::from_millis(500),
            ipv6: false,
            privileged: false,
            interface: None,
            ttl: None,
            payload_length: 0,
            slots_per_host: 1,
            registry: KeptRegistries::default(),
            process_ends: false,
            workbench: Default::default(),
        };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let engine = runtime.block_on(Engine::start(config)).expect("the engine");
        World { runtime, engine, input }
    }
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

fuzz_target!(|input: &[u8]| {
    let world = &*WORLD;
    std::fs::write(&world.input, input).expect("the input's file");
    let results = world.runtime.block_on(world.engine.run_phase(Phase::Pre));
    // A script that was stopped has no result.
    assert!(results.results.len() <= 1, "{results:?}");
});
