"What the numbers were measured on, in words that a figure can bear."
import os, platform, subprocess
from importlib.metadata import version
from datetime import date
from pathlib import Path

import torch
from transformers_lite import layers

# they make torch, oneDNN and MKL work as on another processor
FORCED = 'ATEN_CPU_CAPABILITY', 'ONEDNN_MAX_CPU_ISA', 'MKL_ENABLE_INSTRUCTIONS'

def cpuinfo(field):
    "What Linux says of the first core, such as its name; '' elsewhere."
    info = Path('/proc/cpuinfo')
    lines = info.read_text(errors='replace').splitlines() if info.exists() else []
    return next((l.partition(':')[2].strip() for l in lines if l.startswith(field)), '')

def instructions():
    "The instructions that torch computes with, such as 'AVX2', and what forced it to."
    found = torch.backends.cpu.get_cpu_capability().replace('AVX512', 'AVX-512')
    forced = ' '.join(f'{k}={os.environ[k]}' for k in FORCED if k in os.environ)
    return f'{found} by {forced}' if forced else found

def zen():
    "Which of AMD's cores it has, such as ', Zen 4': they take a wide product in one piece or two."
    if cpuinfo('vendor_id') != 'AuthenticAMD': return ''
    wide = 'avx512f' in cpuinfo('flags').split()
    kinds = {'25': ', Zen 4' if wide else ', Zen 3', '26': ', Zen 5'}
    return kinds.get(cpuinfo('cpu family'), '')

def name():
    "The processor and its instructions: the key of its results, and what a figure says."
    made = cpuinfo('model name') or platform.processor() or platform.machine()
    return f'{made}{zen()}, {instructions()}'

def linear_way():
    "Which library multiplies in our `Linear`, without a gradient."
    return ', '.join(f'{rows}: {library}' for rows, library in layers.product_ways().items())

def machine():
    "All that a table says of where it comes from."
    sha = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True,
                         cwd=Path(__file__).parent)
    return dict(processor=name(), cores=os.cpu_count(), linear=linear_way(),
                date=str(date.today()), commit=sha.stdout.strip(),
                python=platform.python_version(), torch=torch.__version__,
                transformers=version('transformers'))
