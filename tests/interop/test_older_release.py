"The tests of this folder, once more, beside transformers 4.57.6."
import os, sys
from pathlib import Path

from helpers import ORACLE_457, ROOT, run

# test_away and test_mixed run both releases by themselves; 4.57.6 doesn't go with our releases of datasets and sentence-transformers
FILES = 'accelerate', 'attributes', 'captum', 'dataloader', 'hooks', 'identity', 'peft', 'pipeline', 'registration', 'trainer'

def test_transformers_4():
    files = [Path(__file__).with_name(f'test_{name}.py') for name in FILES]
    out = run(sys.executable, '-m', 'pytest', '-q', '-n', '0', '-W', 'ignore', *files, USE_TF='0', HF_HUB_OFFLINE='1', # its TensorFlow part wants Keras 2
              PYTHONPATH=os.pathsep.join(map(str, [ORACLE_457, ROOT])))
    assert ' passed' in out and 'failed' not in out and 'skipped' not in out, out
