"What a client reads in an object of transformers is there in ours, or it has a reason why not. Both releases, name by name."
import re

import pytest, torch, transformers
from helpers import FOUR
from kinds import things

import transformers_lite as lite

# patterns of names that stay out, and why
OUT = {
    'config': {
        'max_length|min_length|do_sample|early_stopping|num_beams|num_beam_groups|diversity_penalty|temperature|top_[kp]|typical_p|.*_penalty|.*no_repeat_ngram_size|num_return_sequences|output_scores|return_dict_in_generate|forced_.*|remove_invalid_values|.*suppress_tokens|bad_words_ids':
            'settings of `generate`: GenerationConfig has them, and 5 took them out of configurations',
        '.*_plan|base_config_key|from_text_.*|sub_configs_defaults|has_no_defaults_at_init': 'several models in one, or one on several machines: no family here is',
        '.*rope.*|default_theta|.*heterogeneous.*|.*per_layer.*|get_mtp_config|validate_(?!$).*': "5's machinery for families that differ from layer to layer; `validate` checks all",
        'is_custom_code|is_remote_code|dict_dtype_to_str|default_config_fields|extra_(config_)?files': 'asked by transformers of its own classes, when it writes them'},
    'model': {
        '.*adapters?|active_adapters|get_adapter_state_dict|enable_peft_hotswap': 'get_peft_model(model, …) does it, and PeftModel.from_pretrained',
        '.*(plan|plans|distribut\\w*|kernels?|kernelize|experts_implementation|sharded_state_dict\\w*|fsdp_size|this_rank|save|kernel_config|context_parallel)': 'several machines and kernels of the hub: fully_shard and accelerate take the model as it is',
        '.*bettertransformer|load_tf_weights|.*memory_hooks.*|tie_embeddings_and_encoder_decoder|dequantize|is_backend_compatible|retrieve_modules_from_names|get_init_context|get_compiled_call|get_parameter_or_buffer|can_record_outputs|set_use_kernels|generation_config_class':
            "steps of transformers' own loading and saving",
        'create_extended_attention_mask_for_decoder|get_extended_attention_mask|invert_attention_mask|get_head_mask|get_correct_attn_implementation': 'masks are made in one place, the `Context` of a batch',
        'warn_if_padding_and_no_attention_mask|initialize_weights|init_weights|mark_tied_weights_as_initialized|.*tied_weights_keys|named_non_persistent_buffers': 'checked, filled and tied by the base class, for every model',
        'loss_function|loss_type': 'each head has its own loss, in its method `loss`',
        'estimate_tokens|floating_point_ops': 'a guess that 4.57 logs, and 5 dropped', 'get_encoder|set_(en|de)coder': 'no model here has both'},
    'processor': {
        '.*(chat_template|multimodal|audio_token|image_token|video_token|text_replacement|mm_token|_with_replacements|response|token_ids?).*|post_process_.*|prepare_inputs_layout': 'conversations with pictures and sound: no model here holds any',
        'check_argument_for_proper_class|from_args_and_dict|get_possibly_dynamic_module|get_processor_dict|get_attributes|optional_.*|valid(_|ate_).*|current_processor|audio_tokenizer|skip_tensor_conversion|unused_input_names': 'steps of its own loading and calling'},
    'sound': {'feature_extractor_type': 'a key of the file: to_dict() has it', 'zero_mean_unit_var_norm': 'a function here: zero_mean_unit_variance', 'fetch_audio': 'load_audio reads a file'},
    'picture': {
        'image_processor_type': 'a key of the file: to_dict() has it', 'crop_size|do_center_crop|do_pad|pad_size|pad|image_seq_length|disable_grouping|data_format|input_data_format|device|return_tensors|backend|convert_to_rgb|valid_kwargs|default_to_square|process_image':
            'options of a call, or of other families', 'resize|rescale|normalize|center_crop|fetch_images|preprocess': "steps of a call"},
    'batch': {'words': 'an older name of word_ids'}, 'features': {'skip_tensor_conversion': 'an option of the call'}, 'output': {}}

def pairs():
    "{kind: (an object of ours, the same of transformers)}"
    config = dict(vocab_size=50, dim=8, n_heads=2, n_layers=1, hidden_dim=8)
    theirs = transformers.DistilBertForSequenceClassification(transformers.DistilBertConfig(**config))
    there = dict(config=theirs.config, model=theirs, sound=transformers.Wav2Vec2FeatureExtractor(), picture=transformers.ViTImageProcessor(), batch=transformers.BatchEncoding({'a': 1}),
                 features=transformers.BatchFeature({'a': 1}), output=transformers.modeling_outputs.SequenceClassifierOutput())
    ours = things()
    there['processor'] = transformers.Wav2Vec2Processor(there['sound'], ours['ctc'][0])
    return {k: (ours[k][0], there[k]) for k in there}

@pytest.mark.parametrize('kind', OUT)
def test_all_that_a_client_reads(kind):
    ours, theirs = pairs()[kind]
    own = {*dir(type(ours)), *vars(ours)} # what is there in ours, whatever transformers adds
    public = {n for n in dir(theirs) if n[0] != '_' and not hasattr(torch.nn.Module, n)}
    missing = {n for n in public - own if not hasattr(ours, n)}
    unexplained = sorted(n for n in missing if not any(re.fullmatch(p, n) for p in OUT[kind]))
    assert not unexplained and len(public - missing) > .3 * len(public)

PRIVATE = '''_auto_class _keep_in_fp32_modules _keys_to_ignore_on_load_missing _keys_to_ignore_on_load_unexpected _keys_to_ignore_on_save _tied_weights_keys _supports_sdpa _supports_flash_attn
_supports_flex_attn _supports_attention_backend _can_compile_fullgraph _skip_keys_device_placement _tp_plan _pp_plan _hf_peft_config_loaded _is_stateful'''.split()

@pytest.mark.parametrize('name', PRIVATE)
def test_private_names_that_clients_read(name):
    ours, theirs = pairs()['model']
    for o in ours, type(ours): getattr(o, name)
    assert hasattr(theirs, name) or FOUR or name in ('_is_stateful',)

def test_a_configuration_as_a_container():
    config = things()['config'][0]
    assert 'dim' in config and 'hidden_size' in config and 'mast' not in config and {*config} == vars(config).keys()
    assert config._commit_hash is None and config.sub_configs == {} and config.torchscript is config.add_cross_attention is False and config.task_specific_params is None and config.transformers_version
    assert not {'torchscript', 'sub_configs', '_commit_hash'} & config.to_dict().keys()

def test_a_configuration_from_a_text():
    config = lite.DistilBertConfig()
    config.update_from_string('n_layers=3,dropout=0.25,sinusoidal_pos_embds=true,activation=relu')
    assert (config.n_layers, config.dropout, config.sinusoidal_pos_embds, config.activation) == (3, .25, True, 'relu')
    theirs = transformers.DistilBertConfig()
    theirs.update_from_string('n_layers=3,dropout=0.25,sinusoidal_pos_embds=true,activation=relu')
    assert {k: getattr(theirs, k) for k in ('n_layers', 'dropout', 'sinusoidal_pos_embds', 'activation')} == {k: getattr(config, k) for k in ('n_layers', 'dropout', 'sinusoidal_pos_embds', 'activation')}
    for text, error in {'n_layer=3': "did you mean 'n_layers'?", 'n_layers=many': 'Expecting value', 'n_layers=0.5': 'n_layers=0.5', 'dropout=true': 'dropout=True'}.items():
        with pytest.raises(ValueError, match=re.escape(error)): config.update_from_string(text)
    with pytest.raises(TypeError, match='id2label'): config.update_from_string('id2label=3')

def test_files_of_settings_by_their_path(tmp_path):
    sound, picture, processor = (things()[k][0] for k in ('sound', 'picture', 'processor'))
    for o in sound, picture, processor:
        o.to_json_file(tmp_path/'it.json')
        assert (tmp_path/'it.json').read_text() == o.to_json_string()
        if o is not processor: assert type(o).from_json_file(tmp_path/'it.json') == o

def test_what_trainers_and_peft_ask_of_a_model():
    ours, theirs = pairs()['model']
    assert ours.get_memory_footprint() == ours.get_memory_footprint(return_buffers=False) == theirs.get_memory_footprint(return_buffers=False) # no buffers here
    ours.add_model_tags('a')
    ours.add_model_tags(['b', 'a'])
    assert ours.model_tags == ['a', 'b'] and type(ours).model_tags is None
    ours.gradient_checkpointing_enable()
    assert ours.is_gradient_checkpointing is ours.is_activation_checkpointing is True
    ours.activation_checkpointing_disable()
    assert ours.is_gradient_checkpointing is ours.is_activation_checkpointing is False
    ours.requires_grad_(False)
    assert not ours(**ours.dummy_inputs).logits.requires_grad
    ours.enable_input_require_grads()
    assert ours(**ours.dummy_inputs).logits.requires_grad
    ours.disable_input_require_grads()
    ours.disable_input_require_grads() # once more is no harm
    assert not ours(**ours.dummy_inputs).logits.requires_grad

def test_parts_that_stay_in_32_bits(tmp_path):
    class Careful(lite.DistilBertForSequenceClassification): _keep_in_fp32_modules, _keep_in_fp32_modules_strict = ['ffn'], ['classifier']
    Careful(things()['config'][0]).save_pretrained(tmp_path)
    for dtype, kept in {torch.float16: {'ffn', 'classifier'}, torch.bfloat16: {'classifier'}, torch.float32: set()}.items():
        found = {n: p.dtype for n, p in Careful.from_pretrained(tmp_path, dtype=dtype).named_parameters()}
        assert found == {n: torch.float32 if kept & {*n.split('.')} else dtype for n in found}

@pytest.mark.parametrize('name', ['DistilBertForMaskedLM', 'ViTForImageClassification', 'Wav2Vec2ForCTC', 'LlamaForCausalLM', 'ViTModel'])
def test_dummy_inputs(name):
    c = getattr(lite, name)
    small = dict(distilbert=dict(dim=8, n_heads=2, n_layers=1, hidden_dim=8), vit=dict(image_size=(8, 16), patch_size=4), wav2vec2=dict(conv_dim=[8] * 7, num_feat_extract_layers=7, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2), llama={})
    wide = {} if 'Distil' in name else dict(hidden_size=8, num_attention_heads=2, num_hidden_layers=1, intermediate_size=8)
    model = c(c.config_class(**wide, **small[c.config_class.model_type])).eval()
    with torch.no_grad(): assert model(**model.dummy_inputs)[0].shape[0] == 2
    assert model.input_modalities == dict(input_ids='text', pixel_values='image', input_values='audio')[model.main_input_name]

class Sailor(lite.ProcessorMixin): # as processors are written for transformers
    attributes = ['feature_extractor', 'tokenizer']
    feature_extractor_class, tokenizer_class = 'Wav2Vec2FeatureExtractor', 'AutoTokenizer'

def test_a_processor_that_names_its_parts(tmp_path):
    things()['processor'][0].save_pretrained(tmp_path)
    sailor = Sailor.from_pretrained(tmp_path, padding_side='left')
    assert type(sailor.tokenizer) is lite.Wav2Vec2CTCTokenizer and sailor.feature_extractor.padding_side == 'left' and isinstance(sailor, transformers.ProcessorMixin)

SLIPS = dict(model=('max_shard_sise', "did you mean 'max_shard_size'"), config=('use_dif', "did you mean 'use_diff'"), fast=('filename_prefx', "did you mean 'filename_prefix'"), picture=('push_to_hubb', "did you mean 'push_to_hub'"),
             sound=('commit_mesage', "did you mean 'commit_message'"), processor=('privat', "did you mean 'private'"), generation=('config_file_nam', "did you mean 'config_file_name'"))

@pytest.mark.parametrize('kind', SLIPS)
def test_a_slip_of_an_option_of_a_save(kind, tmp_path):
    o, (name, hint) = things()[kind][0], SLIPS[kind]
    with pytest.raises(TypeError, match=hint): o.save_pretrained(tmp_path/'no', **{name: '1KB'})
    assert not (tmp_path/'no').exists()
    o.save_pretrained(tmp_path/'yes', token=None, commit_message='x', safe_serialization=True, max_shard_size='1GB', save_peft_format=True) # what scripts pass to anything
    assert [*(tmp_path/'yes').iterdir()]
