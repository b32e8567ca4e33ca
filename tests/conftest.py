"Settings that must stand before torch is imported, and the fixtures of all tests."
import os

for name in 'OMP_NUM_THREADS', 'MKL_NUM_THREADS': os.environ.setdefault(name, '1')
for name in 'HF_HUB_OFFLINE', 'HF_HUB_DISABLE_TELEMETRY': os.environ[name] = '1'
os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')
os.environ.setdefault('ONEDNN_PRIMITIVE_CACHE_CAPACITY', '32') # it keeps a program a length of sound, 4 MB each, and up to 1024 of them
if 'ONEDNN_MAX_CPU_ISA' in os.environ: os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0') # TensorFlow asks the processor, not this limit, and crashes in 16 bits

import hashlib, re
from pathlib import Path
import pytest
from helpers import free, goes_with

# -- Memory: each process says in the log how much it held at most; more than `MEMORY` fails the run.
MEMORY = 5500 # MB; the most that was seen is 4,447, in the decoder of chapter 25, at the end of a long process

def peak():
    "How much memory this process has held at most, in MB; 0 where the system doesn't say."
    try: return int(re.search(r'VmHWM:\s+(\d+) kB', Path('/proc/self/status').read_text())[1]) // 1000
    except (OSError, TypeError): return 0

@pytest.fixture(scope='module', autouse=True)
def freed():
    "What a test file leaves behind goes back to the system."
    yield
    free()

def pytest_configure(config): config.peaks = {}

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    "Note the test that needed more memory than any before it."
    res = yield
    peaks = item.config.peaks
    if (now := peak()) > peaks.get('here', (0, ''))[0]: peaks['here'] = now, item.nodeid
    return res

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    config = session.config
    if hasattr(config, 'workeroutput'): config.workeroutput['peak'] = config.peaks.get('here')
    if any(mb > MEMORY for mb, _ in config.peaks.values()) and not session.exitstatus: session.exitstatus = pytest.ExitCode.TESTS_FAILED

@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    "What pytest-xdist's processes said."
    if found := getattr(node, 'workeroutput', {}).get('peak'): node.config.peaks[node.gateway.id] = found

def pytest_terminal_summary(terminalreporter, config):
    for where, (mb, test) in sorted(config.peaks.items()):
        more = f', MORE THAN {MEMORY}' if mb > MEMORY else ''
        terminalreporter.write_line(f'memory, {where}: {mb} MB at most{more}, in {test}', red=bool(more))

# -- Which tests stay on one worker. (pytest-xdist's marks for it don't reach it with pytest 9.2: each worker ran all chapters.)
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling
    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid): return goes_with(nodeid)
    config.option.loadscopereorder = False # in the order of the files: a chapter registers families of its own, which the tests of the Auto classes must not meet
    return Together(config, log)

# -- Fixtures

@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    "A function that lays out a folder as the hub's cache holds the repository `repo_id`; it returns the folder of the snapshot."
    cache = tmp_path/'hub'
    def _add(repo_id, folder, revision='main'):
        repo = cache/f"models--{repo_id.replace('/', '--')}"
        sha = hashlib.sha1(f'{repo_id}@{revision}'.encode()).hexdigest()
        snapshot, blobs, ref = repo/'snapshots'/sha, repo/'blobs', repo/'refs'/revision
        for d in snapshot, blobs, ref.parent: d.mkdir(parents=True, exist_ok=True)
        ref.write_text(sha)
        for f in sorted(Path(folder).rglob('*')):
            if f.is_dir(): continue
            data, link = f.read_bytes(), snapshot/f.relative_to(folder)
            blob = blobs/hashlib.sha256(data).hexdigest()
            blob.write_bytes(data)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(blob, link.parent))
        return snapshot
    monkeypatch.setenv('HF_HOME', str(tmp_path))
    monkeypatch.setenv('HF_HUB_CACHE', str(cache))
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_CACHE', str(cache)) # read from the environment at import time only
    return _add
