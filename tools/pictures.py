"""Draw the two pictures of the first page: what the shipped checkpoints make of a text, a picture
and a sound (nbs/first.png), and the map of the course (nbs/map.png). `make pictures` runs it."""
import json
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt, torch
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from links import table
from transformers_lite import (
    AutoImageProcessor, AutoModelForCTC, AutoModelForImageClassification,
    AutoModelForSequenceClassification, AutoProcessor, AutoTokenizer, cached_file, load_audio)

NBS = Path(__file__).resolve().parents[1]/'nbs'
BLUE, GREEN, ORANGE, GREY, DARK = '#4682dc', '#3caa5a', '#e69628', '#888888', '#555555'

# -- what the checkpoints make of a text, a picture and a sound

def show_pieces(ax, tokens, ids):
    "A row of coloured tokens over their ids."
    x, colours = 0, [BLUE, GREEN, ORANGE, '#c85078', '#8c64d2']
    for i, (t, n) in enumerate(zip(tokens, ids)):
        wide = .6 + .19*len(t)
        ax.add_patch(FancyBboxPatch((x, 0), wide, 1, boxstyle='round,pad=0,rounding_size=.1',
                                    fc=GREY if t[0] == '[' else colours[i % 5], alpha=.3, lw=0))
        ax.text(x + wide/2, .62, t, ha='center', va='center', fontsize=10)
        ax.text(x + wide/2, .22, n, ha='center', va='center', fontsize=7, color=GREY)
        x += wide + .12
    ax.set(xlim=(-.1, x), ylim=(-.1, 1.1)); ax.axis('off')

def show_bars(ax, shares, most=3):
    "Probabilities, the largest on top."
    best = sorted(shares.items(), key=lambda kv: kv[1])[-most:]
    ax.barh([k for k, _ in best], [v for _, v in best], color=BLUE, height=.6)
    ax.set(xlim=(0, 1), xticks=[]); ax.tick_params(labelsize=9, length=0)
    for side in ax.spines.values(): side.set_visible(False)

def shares(model, inputs, **kwargs):
    with torch.no_grad(): out = model(**inputs, **kwargs)
    return {model.config.id2label[i]: p
            for i, p in enumerate(out.logits[0].softmax(-1).tolist())}, out

def first(text='not a good film, but a warm one'):
    "The first picture of the first page."
    fig = plt.figure(figsize=(9, 4.3), layout='constrained')
    grid = fig.add_gridspec(3, 4, height_ratios=[.8, 2, 1.5], width_ratios=[1.5, 1.5, 1.2, 1.6])
    name = 'transformers-lite/distilbert-sentiment'
    tokenizer, model = (AutoTokenizer.from_pretrained(name),
                        AutoModelForSequenceClassification.from_pretrained(name))
    batch = tokenizer(text, return_tensors='pt')
    tokens, (found, out) = batch.tokens(), shares(model, batch, output_attentions=True)
    show_pieces(fig.add_subplot(grid[0, :]), tokens, batch.input_ids[0].tolist())
    for k, head in enumerate((0, 3)):
        ax = fig.add_subplot(grid[1, k])
        ax.imshow(out.attentions[-1][0, head], cmap='Blues', vmin=0)
        ax.set_xticks(range(len(tokens)), tokens, rotation=90, fontsize=6)
        ax.set_yticks(range(len(tokens)), tokens if not k else [''] * len(tokens), fontsize=6)
        ax.set_title(f'which tokens head {head} looks at', fontsize=8)
    show_bars(fig.add_subplot(grid[1, 2:]), found)
    name = 'transformers-lite/vit-digits'
    picture = sorted(cached_file(name, 'config.json').parent.glob('sample-*.png'))[0]
    ax = fig.add_subplot(grid[2, 0]); ax.imshow(Image.open(picture), cmap='gray'); ax.axis('off')
    digits = AutoModelForImageClassification.from_pretrained(name)
    show_bars(fig.add_subplot(grid[2, 1]), shares(
        digits, AutoImageProcessor.from_pretrained(name)(picture, return_tensors='pt'))[0])
    name = 'transformers-lite/wav2vec2-morse'
    processor, ear = AutoProcessor.from_pretrained(name), AutoModelForCTC.from_pretrained(name)
    sound = load_audio(cached_file(name, 'sample.flac'), sampling_rate=4000)
    with torch.no_grad():
        frames = ear(**processor(sound, sampling_rate=4000, return_tensors='pt')).logits.argmax(-1)
    ax = fig.add_subplot(grid[2, 2:]); ax.plot(sound, lw=.3, color=BLUE); ax.axis('off')
    ax.set_title(processor.batch_decode(frames)[0], fontsize=11, family='monospace')
    return fig

# -- the map

LANES = [ # what a row is about, its colour, its chapters
    ('from settings\nto an answer', BLUE, ['00_first_hour', '01_configuration', '01a_attention',
                                          '02_model', '02a_distilbert', '03_heads']),
    ('what is in\na model', BLUE, ['02b_checkpoint', '02c_steps']),
    ('text', GREEN, ['04_wordpiece', '04a_tokenizer', '04b_tokenizer_fast', '04c_chat']),
    ('pictures', GREEN, ['05_image_processor', '05a_vit']),
    ('sound', GREEN, ['06_feature_extractor', '06a_wav2vec2', '06b_speech', '07_processor']),
    ('by name', GREEN, ['08_auto', '09_pipelines', '09a_tasks']),
    ('your own', ORANGE, ['10_custom_architecture']),
    ('a model that\nwrites', ORANGE, ['11_llama', '11a_generation', '11b_smollm']),
    ('training', ORANGE, ['12_sentiment', '13_digits', '14_morse', '14a_reviews']),
    ('', ORANGE, ['15_finetuning', '15a_practice', '16_scaling']),
    ('the workshop', GREY, ['20_messages', '20a_store', '20b_files', '20c_rules',
                            '20d_pretrained', '20e_features']),
    ('', GREY, ['20f_exercises', '20g_teaching', '20h_away', '20i_languages', '21_look',
                '22_layers']),
    ('', GREY, ['23_tensorflow', '24_speed', '24a_gpu', '25_int8']),
    ('to look up', GREY, ['25a_when_things_go_wrong', '26_coming_from_transformers',
                          '27_glossary'])]
CHAPTERS = [chapter for _, _, row in LANES for chapter in row]

def title(chapter): # number and words of the first heading of a chapter
    cell = json.loads((NBS/f'{chapter}.ipynb').read_text(encoding='utf-8'))['cells'][0]
    return ''.join(cell['source']).splitlines()[0].removeprefix('# ').split('. ', 1)

def course_map():
    """The map of the course: a lane for each of its parts. An arrow leads from what a chapter
    needs, if that stands beside it; what else it needs is written over it."""
    needs = {Path(file).stem: wanted.split(', ') for _, file, wanted, _ in table().values()}
    fig, ax = plt.subplots(figsize=(11, 8), layout='constrained')
    for i, (lane, colour, chapters) in enumerate(LANES):
        y, before = -i, None
        ax.text(0, y + .36, lane, fontsize=9.5, color=colour, weight='bold', va='center')
        for k, chapter in enumerate(chapters):
            x = 1.6 + 2*k
            ax.add_patch(FancyBboxPatch((x, y), 1.66, .72, fc=colour, alpha=.22, lw=0,
                                        boxstyle='round,pad=0,rounding_size=.08'))
            number, words = title(chapter)
            ax.text(x + .06, y + .6, number, fontsize=7, color=DARK, va='center')
            ax.text(x + .83, y + .3, fill(words, 20), ha='center', va='center', fontsize=8)
            if before in needs[chapter]:
                ax.annotate('', (x - .03, y + .36), (x - .31, y + .36),
                            arrowprops=dict(arrowstyle='->', color=DARK, shrinkA=0, shrinkB=0))
            others = [n for n in needs[chapter] if n != before and n in table()]
            after = 'after ' + ', '.join(others) if others else ''
            ax.text(x + 1.6, y + .6, after, fontsize=7, color=DARK, va='center', ha='right')
            before = number
    ax.set(xlim=(-.05, 13.4), ylim=(1.1 - len(LANES) - .15, .85)); ax.axis('off')
    return fig

if __name__ == '__main__':
    torch.manual_seed(0)
    first().savefig(NBS/'first.png', dpi=200)
    course_map().savefig(NBS/'map.png', dpi=200)
