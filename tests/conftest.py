"Settings that must stand before torch is imported, and the fixtures of all tests."
import os

for name in 'OMP_NUM_THREADS', 'MKL_NUM_THREADS': os.environ.setdefault(name, '1')
for name in 'HF_HUB_OFFLINE', 'HF_HUB_DISABLE_TELEMETRY': os.environ[name] = '1'
os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')

import hashlib
from pathlib import Path
import pytest

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
