"The charts of the benchmarks, for the file and for the page."
from pathlib import Path

import matplotlib.pyplot as plt

THEIRS, OURS, DARK = '#b8b8b8', '#2a9d8f', '#264653'

def processor():
    "The name of the processor, as the system has it."
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(':')[1].strip() for line in lines if line.startswith('model name')),
                'unknown')

def chart(rows):
    "How many times as fast, line by line; the tick is the aim."
    rows = [r for r in rows if r['unit'] == 's'][::-1]
    fig, ax = plt.subplots(figsize=(9, .33 * len(rows) + 1), layout='constrained')
    ax.barh(range(len(rows)), [r['ratio'] for r in rows], color=OURS, height=.62)
    for i, r in enumerate(rows):
        if r['target']: ax.plot([r['target']] * 2, [i - .45, i + .45], color=DARK, lw=2)
        ax.text(r['ratio'] * 1.03, i, f"{r['ratio']:.1f}×", va='center', fontsize=8, color=DARK)
    ax.set_yticks(range(len(rows)), [r['name'] for r in rows], fontsize=8)
    ax.set(xscale='log', xlim=(.5, 80), xlabel='times as fast as transformers (the tick: the aim)')
    ax.axvline(1, color=THEIRS, lw=1, zorder=0)
    ax.set_xticks([1, 2, 5, 10, 20, 50], ['1', '2', '5', '10', '20', '50'])
    for side in ('top', 'right'): ax.spines[side].set_visible(False)
    return fig

def growth_charts(growth):
    "Time above, memory below; a column for what grows."
    fig, axes = plt.subplots(2, len(growth), figsize=(10, 4.6), dpi=75, layout='constrained')
    for column, (name, points) in zip(axes.T, growth.items()):
        for ax, k, unit in zip(column, (0, 1), ('seconds', 'MB')):
            for who, colour in (('theirs', THEIRS), ('ours', OURS)):
                ax.plot([p['x'] for p in points], [p[who][k] for p in points], marker='o', ms=4,
                        lw=dict(theirs=4, ours=1.5)[who], color=colour,
                        label=dict(theirs='transformers', ours='transformers_lite')[who])
            ax.set(ylim=0, ylabel=unit)
        column[1].set_xlabel(name, fontsize=8)
    axes[0, 0].legend(frameon=False, fontsize=8)
    return fig
