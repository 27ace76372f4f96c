"""Every kernel has a plain twin, and every constant of the passage kernels a test that notices it.

A kernel that has no row here does not exist for the tests, and a test below is red.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import inspect
import json
from pathlib import Path

import pytest
from twins import kernels_of

ROOT = Path(__file__).resolve().parents[2]
KERNELS = sorted((ROOT / "dedup" / "kernels").glob("*.py"))
RECORD = ROOT / "benchmarks" / "record" / "mutants.json"

FILES = [
    *sorted((ROOT / "tests" / "kernels").glob("test_*.py")),
    ROOT / "tests" / "similarity" / "test_lsh.py",
    ROOT / "tests" / "passages" / "test_passage_seeds.py",
    ROOT / "tests" / "cleaning" / "test_repeat_kernels.py",
    ROOT / "tests" / "clusters" / "test_joining.py",
]
# One row a kernel: the test that compares it with its twin.
REGISTRY = {
    "align": {
        "sorted_order": "test_sorted_order",
        "chain_matches": "test_matches_are_linked_as_by_plain_search",
        "has_chain": "test_how_far_seeds_of_a_chain_stand_apart",
        "find_chains": "test_chains",
        "reverse": "test_reverse",
        "fill_box": "test_paths_of_boxes",
        "trace_box": "test_paths_of_boxes",
        "slot_of": "test_words_have_slots",
        "equal_tokens": "test_equal_tokens_of_a_box",
        "cost_of": "test_what_a_path_loses_between_matches",
        "before_match": "test_paths_of_boxes",
        "link_cells": "test_paths_of_boxes",
        "align_equal": "test_paths_of_boxes",
        "align_box": "test_an_alignment_between_seeds_is_the_best_there_is",
        "extend": "test_extend",
        "align_chain": "test_alignment_along_chains",
        "best_stretch": "test_the_best_stretch_of_a_path",
        "clip_islands": "test_ends_beyond_a_line_are_islands",
    },
    "ascii": {
        "kind_of": "test_kind_of",
        "window_end": "test_windows",
        "widest_window": "test_windows",
        "mark_bytes": "test_mark_bytes",
        "link_span": "test_spans_of_links",
        "base64_span": "test_spans_of_links",
        "set_odd": "test_set_odd",
        "mark_links": "test_hash_words",
        "changes_of": "test_hash_words",
        "mark_base64": "test_hash_words",
        "hash_stretch": "test_hash_words",
        "has_odd": "test_has_odd",
        "hash_word": "test_hash_of_one_word",
        "hash_short_word": "test_hash_of_one_word",
        "hash_words": "test_hash_words",
    },
    "buckets": {
        "band_key": "test_band_keys",
        "band_keys": "test_band_keys",
        "group_equal": "test_group_equal",
        "group_keys": "test_bucket_pairs",
        "lay_out": "test_lay_out",
        "gather_buckets": "test_bucket_pairs",
        "leaders_of": "test_oversized_buckets_take_linear_work",
        "count_bucket_pairs": "test_bucket_pairs",
        "add_pair": "test_add_pair",
        "add_bucket_pairs": "test_bucket_pairs",
        "move_pairs": "test_bucket_pairs",
    },
    "choosing": {
        "count_shared": "test_counts_of_shared_shingles",
        "find_linked": "test_who_has_a_neighbour_in_common",
        "group_parts": "test_parts_of_a_holder_are_grouped_by_their_links",
        "fill_table": "test_texts_that_go_on_where_others_end",
        "is_in": "test_texts_that_go_on_where_others_end",
        "goes_on": "test_texts_that_go_on_where_others_end",
        "follow_parts": "test_texts_that_go_on_where_others_end",
    },
    "clusters": {
        "root": "test_connect",
        "connect": "test_connect",
        "join_stars": "test_join_stars",
        "decide": "test_decide",
    },
    "differences": {
        "is_ascii": "test_letters_are_those_of_the_twin",
        "fold_ascii": "test_letters_are_those_of_the_twin",
        "read_letters": "test_letters_are_those_of_the_twin",
        "spell": "test_figures_are_those_of_the_twin",
        "common_of_few": "test_common_letters",
        "common_letters": "test_common_letters",
        "are_alike": "test_figures_are_those_of_the_twin",
        "as_digits": "test_figures_are_those_of_the_twin",
        "are_same": "test_figures_are_those_of_the_twin",
        "stands_in_slot": "test_figures_are_those_of_the_twin",
        "stands_there": "test_figures_are_those_of_the_twin",
        "mark_facts": "test_figures_are_those_of_the_twin",
        "first_and_last": "test_figures_are_those_of_the_twin",
        "unmark": "test_figures_are_those_of_the_twin",
        "adjoining": "test_figures_are_those_of_the_twin",
        "is_one_spelling": "test_figures_are_those_of_the_twin",
        "single_number": "test_figures_are_those_of_the_twin",
        "find_conflict": "test_figures_are_those_of_the_twin",
        "kinds_in": "test_figures_are_those_of_the_twin",
        "is_slot": "test_figures_are_those_of_the_twin",
        "count_slots": "test_figures_are_those_of_the_twin",
        "drop_steps": "test_figures_are_those_of_the_twin",
        "count_facts": "test_figures_are_those_of_the_twin",
        "mark_lost": "test_figures_are_those_of_the_twin",
        "own_words": "test_figures_are_those_of_the_twin",
        "count_matched": "test_figures_are_those_of_the_twin",
        "count_lost": "test_figures_are_those_of_the_twin",
        "count_lost_facts": "test_figures_are_those_of_the_twin",
        "enter_values": "test_figures_are_those_of_the_twin",
        "compare_gaps": "test_figures_are_those_of_the_twin",
        "count_capitals": "test_figures_are_those_of_the_twin",
        "next_short_gap": "test_figures_are_those_of_the_twin",
        "are_negated": "test_figures_are_those_of_the_twin",
        "are_names": "test_figures_are_those_of_the_twin",
        "is_respelt": "test_figures_are_those_of_the_twin",
        "note_gap": "test_figures_are_those_of_the_twin",
        "find_negations": "test_figures_are_those_of_the_twin",
        "are_equal_words": "test_figures_are_those_of_the_twin",
        "find_swaps": "test_figures_are_those_of_the_twin",
        "read_side": "test_two_readings_lose_what_the_twin_says",
        "lost_letters": "test_two_readings_lose_what_the_twin_says",
        "find_readings": "test_two_readings_lose_what_the_twin_says",
        "span_of": "test_figures_are_those_of_the_twin",
        "measure_conflicts": "test_figures_are_those_of_the_twin",
        "examine": "test_figures_are_those_of_the_twin",
        "examine_pairs": "test_figures_are_those_of_the_twin",
        "describe_pair": "test_figures_are_those_of_the_twin",
        "lost_stretches": "test_losses_are_those_of_the_twin",
    },
    "equality": {
        "hash_rows": "test_equal_rows",
        "group_rows": "test_equal_rows",
        "hash_texts": "test_hash_texts",
    },
    "explaining": {
        "story_sums": "test_explanations",
        "is_of_story": "test_explanations",
        "leave_out_weak": "test_explanations",
        "take_heaviest": "test_the_heaviest_come_first",
        "member_parts": "test_explanations",
        "explain_stories": "test_explanations",
        "find_words": "test_places_of_words",
        "find_words_of": "test_places_of_words",
    },
    "facts": {
        "number_of": "test_kinds_are_those_of_the_twin",
        "mark_running": "test_kinds_are_those_of_the_twin",
        "word_kind": "test_kinds_are_those_of_the_twin",
        "look_up": "test_kinds_are_those_of_the_twin",
        "negates": "test_kinds_are_those_of_the_twin",
        "mark_kinds": "test_kinds_are_those_of_the_twin",
    },
    "families": {
        "slot_of": "test_words_in_common_with_the_representative",
        "mark_of": "test_a_wording_is_listed_once_for_each_ngram",
        "may_lead": "test_a_wording_is_listed_once_for_each_ngram",
        "home_of": "test_a_wording_is_listed_once_for_each_ngram",
        "row_of": "test_a_wording_is_listed_once_for_each_ngram",
        "first_entry": "test_a_wording_is_listed_once_for_each_ngram",
        "write_wordings": "test_ngrams_of_wordings",
        "match_way": "test_matching_a_wording_on_the_way",
        "match_wording": "test_matching_a_wording_on_the_way",
        "entries_of": "test_a_wording_is_listed_once_for_each_ngram",
        "stride_of": "test_a_long_wording_has_anchors_at_equal_distances",
        "add_anchor": "test_a_wording_is_listed_once_for_each_ngram",
        "add_anchors": "test_anchors_added_again_make_the_same_table",
        "add_wording": "test_a_wording_is_listed_once_for_each_ngram",
        "place_ngrams": "test_ngrams_of_wordings",
        "same_wordings": "test_the_same_wording_has_one_leader",
        "is_due": "test_a_wording_is_found_wherever_it_occurs",
        "find_leading": "test_a_wording_is_found_wherever_it_occurs",
        "find_in_document": "test_a_wording_is_found_wherever_it_occurs",
        "write_occurrence": "test_a_wording_is_found_wherever_it_occurs",
        "find_occurrences": "test_a_wording_is_found_wherever_it_occurs",
        "common_words": "test_words_in_common_with_the_representative",
        "find_variants": "test_variants_lie_in_a_larger_family",
        "drop_overlapping": "test_what_overlaps_a_better_one_goes",
        "token_spans": "test_tokens_of_a_stretch",
        "span_keys": "test_keys_of_spans_take_numbers_as_one",
        "last_word": "test_the_last_word_that_is_left",
        "has_words_near_ends": "test_words_near_the_ends",
        "has_word": "test_words_near_the_ends",
        "quoted_characters": "test_characters_in_quotation_marks",
    },
    "fillings": {
        "is_inside": "test_places_are_those_of_the_twin",
        "have_equal_values": "test_places_are_those_of_the_twin",
        "is_misspelt": "test_places_are_those_of_the_twin",
        "read_fillings": "test_places_are_those_of_the_twin",
        "mark_places": "test_places_are_those_of_the_twin",
        "count_places": "test_places_are_those_of_the_twin",
        "count_filled": "test_places_are_those_of_the_twin",
        "fill_in": "test_places_are_those_of_the_twin",
        "compare_fillings": "test_places_are_those_of_the_twin",
    },
    "lines": {
        "_break_at": "test_walking_over_characters",
        "_is_blank": "test_kinds_of_characters",
        "_is_unseen": "test_kinds_of_characters",
        "_is_bullet": "test_kinds_of_characters",
        "_is_closer": "test_kinds_of_characters",
        "_ends_sentence": "test_kinds_of_characters",
        "_code_at": "test_walking_over_characters",
        "_before": "test_walking_over_characters",
        "_dots": "test_walking_over_characters",
        "_ending": "test_lines",
        "at_least": "test_eight_bytes_at_a_time",
        "is_printable": "test_eight_bytes_at_a_time",
        "marks_in": "test_eight_bytes_at_a_time",
        "marks_of": "test_eight_bytes_at_a_time",
        "last_visible": "test_eight_bytes_at_a_time",
        "count_lines": "test_lines",
        "look_at_line": "test_lines",
        "fill_lines": "test_lines",
        "_limit_of": "test_tokens_of_lines",
        "fill_tokens": "test_tokens_of_lines",
        "find_dots": "test_find_dots",
        "drop_single": "test_a_value_that_occurs_twice_is_never_dropped",
        "mask_tokens": "test_mask_tokens",
    },
    "linking": {
        "similarity": "test_linkage",
        "sums_product": "test_products_of_sums",
        "join_sums": "test_products_of_sums",
        "moved_up": "test_room_is_made",
        "roomy_sums": "test_room_is_made",
        "roomy_graph": "test_room_is_made",
        "edge_to": "test_edges",
        "drop_edge": "test_edges",
        "nearest": "test_linkage",
        "merge_groups": "test_linkage",
        "link_groups": "test_linkage",
    },
    "links": {
        "run_end": "test_runs_of_bytes",
        "last_word_end": "test_runs_of_bytes",
        "is_www": "test_link_end",
        "url_end": "test_link_end",
        "email_end": "test_link_end",
        "base64_end": "test_link_end",
        "link_end": "test_link_end",
        "link_word": "test_link_end",
    },
    "matched": {
        "places_of": "test_seeds_of_matches",
        "both_kinds": "test_seeds_of_matches",
        "count_places": "test_seeds_of_matches",
        "sort_promising": "test_promising_pairs",
        "find_matched": "test_find_matched",
    },
    "matching": {
        "slot_of": "test_alignment_is_that_of_the_twin",
        "count_grams": "test_alignment_is_that_of_the_twin",
        "enter_grams": "test_alignment_is_that_of_the_twin",
        "mark_covered": "test_alignment_is_that_of_the_twin",
        "longest_rise": "test_alignment_is_that_of_the_twin",
        "match_anchors": "test_alignment_is_that_of_the_twin",
        "match_box": "test_alignment_is_that_of_the_twin",
        "next_gap": "test_alignment_is_that_of_the_twin",
        "fill_gap": "test_alignment_is_that_of_the_twin",
        "drop_lone": "test_alignment_is_that_of_the_twin",
        "match_texts": "test_alignment_is_that_of_the_twin",
    },
    "minhash": {
        "fmix32": "test_finalisers",
        "padded": "test_permute",
        "permute": "test_permute",
        "sign_rows": "test_sign_rows",
    },
    "misread": {
        "own_words": "test_lonely_words",
        "ask_for_owner": "test_lonely_words",
        "count_lonely": "test_lonely_words",
        "shared_parts": "test_shared_parts",
        "common_subsequence": "test_common_subsequence",
        "compare_characters": "test_common_subsequence",
        "find_shared": "test_shared_parts",
    },
    "neighbours": {
        "gap_has_line": "test_neighbours",
        "are_neighbours": "test_neighbours",
        "join_neighbours": "test_neighbours",
    },
    "passages": {
        "most_passages": "test_pair_passages",
        "ordered_pieces": "test_ordered_pieces",
        "settle_regions": "test_regions_are_joined_and_grown",
        "count_matched": "test_matches_of_regions",
        "write_passage": "test_weak_passages_go_and_the_others_move_up",
        "drop_weak": "test_weak_passages_go_and_the_others_move_up",
        "pair_passages": "test_pair_passages",
        "first_behind": "test_documents_behind_one_are_found_in_a_list_that_rises",
        "count_seeds": "test_seeds_of_later_documents_are_counted_and_collected",
        "collect_matches": "test_seeds_of_later_documents_are_counted_and_collected",
        "enlarged": "test_enlarged",
        "side_of": "test_levels_of_every_mixture",
        "touched_by": "test_seeds_of_later_documents_are_counted_and_collected",
        "seeds_of": "test_seeds_of_later_documents_are_counted_and_collected",
        "between": "test_plagdet_of_planted_passages",
        "ask_for": "test_the_tokens_of_the_next_document_are_asked_for",
        "ask_ahead": "test_the_groups_of_seeds_that_come_next_are_asked_for",
        "ask_for_side": "test_the_tokens_of_the_next_document_are_asked_for",
        "promising_of": "test_seeds_of_later_documents_are_counted_and_collected",
        "matches_of": "test_seeds_of_later_documents_are_counted_and_collected",
        "is_promising": "test_no_pair_is_left_out_that_may_have_a_passage",
        "find_passages": "test_plagdet_of_planted_passages",
    },
    "pieces": {
        "distinct_content": "test_judge",
        "measure": "test_a_quote_is_half_inside_quotation_marks",
        "judge": "test_levels_of_every_mixture",
        "judge_region": "test_judge_region",
        "count_used": "test_find_pieces",
        "write_path": "test_write_path",
        "has_link": "test_no_pair_is_left_out_that_may_have_a_passage",
        "count_near": "test_no_pair_is_left_out_that_may_have_a_passage",
        "may_be_loose": "test_no_pair_is_left_out_that_may_have_a_passage",
        "find_pieces": "test_find_pieces",
        "count_free": "test_find_loose",
        "merged_points": "test_merged_points",
        "root_of": "test_find_loose",
        "link_close": "test_find_loose",
        "hulls_of": "test_find_loose",
        "find_loose": "test_find_loose",
    },
    "noted": {
        "note_keys": "test_noted_keys_are_told_from_others",
        "is_noted": "test_noted_keys_are_told_from_others",
        "find_noted_rows": "test_rows_with_noted_keys",
    },
    "packed": {
        "bits_of": "test_bits_of",
        "put_bits": "test_bits_are_taken_as_they_were_put",
        "take_bits": "test_bits_are_taken_as_they_were_put",
        "pack_block": "test_a_block_gives_back_its_postings",
        "measure": "test_an_invented_block_is_read_within_its_bounds",
        "unpack_block": "test_a_block_gives_back_its_postings",
        "find_in_block": "test_a_block_gives_back_its_postings",
        "find_packed": "test_keys_of_many_articles_are_found_across_groups",
    },
    "postings": {
        "entry_keys": "test_entry_keys",
        "all_keys": "test_keys_follow_from_signature_sums_and_salt",
        "halve": "test_halve",
        "seal_rows": "test_a_text_of_70_000_shingles_is_signed_as_the_formula_says",
        "seal_texts": "test_seal_texts",
        "agreements": "test_agreements_are_counted",
        "pair_agreements": "test_agreements_are_counted",
        "check_block": "test_check_block",
        "find_positions": "test_find_positions",
        "lower_bound": "test_lower_bound",
        "find_postings": "test_find_postings",
        "count_slices": "test_slices",
        "fill_slices": "test_slices",
        "thin": "test_thin_without_and_blocks",
        "without": "test_thin_without_and_blocks",
        "cut_blocks": "test_thin_without_and_blocks",
        "meet": "test_articles_meet_by_their_keys",
        "give_way": "test_articles_give_way_as_they_would_one_by_one",
    },
    "quotes": {
        "is_plain": "test_eight_plain_bytes",
        "mark_number": "test_numbers_of_marks",
        "code_at": "test_numbers_of_marks",
        "opens_before": "test_what_stands_around_marks",
        "word_follows": "test_what_stands_around_marks",
        "set_quoted": "test_quotations_that_end_with_their_lines",
        "end_lines": "test_quotations_that_end_with_their_lines",
        "find_closed": "test_which_quotation_a_mark_closes",
        "end_line": "test_quotations_of_texts",
        "take_mark": "test_quotations_of_texts",
        "mark_quotes": "test_quotations_of_texts",
        "mark_quote_rows": "test_quotations_of_texts",
    },
    "regions": {
        "bit_of": "test_words_are_spread_over_a_set_of_64",
        "likeness": "test_likeness_of_content_words",
        "bag_matches": "test_bag_matches",
        "match_backward": "test_grow",
        "match_forward": "test_grow",
        "best_beginning": "test_grow",
        "grow": "test_grow",
        "is_close": "test_continues",
        "opens_line": "test_continues",
        "opens_lines": "test_continues",
        "is_shuffled": "test_continues",
        "count_stamped": "test_continues",
        "continues": "test_continues",
        "nearest_continued": "test_regions_are_joined_and_grown",
        "join_pieces": "test_regions_are_joined_and_grown",
        "room_to_grow": "test_regions_are_joined_and_grown",
        "grow_region": "test_regions_are_joined_and_grown",
        "grow_regions": "test_regions_are_joined_and_grown",
        "to_boundary": "test_ends_of_sentences",
        "snap_region": "test_ends_of_sentences",
        "enter_path": "test_matches_of_regions",
        "fill_region": "test_matches_of_regions",
        "fill_gap": "test_fill_gap_takes_a_bag_at_a_time",
    },
    "repeats": {
        "prefix_hashes": "test_hashes_of_runs",
        "_run": "test_hashes_of_runs",
        "_slot": "test_slots",
        "_first": "test_searched_runs_are_entered_once",
        "_enter_runs": "test_runs_are_what_the_twin_finds",
        "_find_in": "test_runs_are_what_the_twin_finds",
        "_order_blocks": "test_copies_are_what_the_twin_finds",
        "_find_pasted": "test_copies_are_what_the_twin_finds",
        "_rule_of": "test_copies_are_what_the_twin_finds",
        "_find_single": "test_copies_are_what_the_twin_finds",
        "_enter": "test_searched_runs_are_entered_once",
        "find_runs": "test_runs_are_what_the_twin_finds",
        "_same_line": "test_equal_lines",
        "_is_heading": "test_headings_are_short_and_no_sentence",
        "_is_pasted": "test_what_counts_as_pasted",
        "find_copies": "test_copies_are_what_the_twin_finds",
        "common_length": "test_common_length_is_what_the_twin_finds",
    },
    "running": {
        "gram": "test_running_words_that_stand_nowhere_else",
        "gram_table": "test_running_words_that_stand_nowhere_else",
        "mark_shared": "test_running_words_that_stand_nowhere_else",
        "count_own": "test_running_words_that_stand_nowhere_else",
    },
    "sampled": {
        "is_least": "test_the_middle_word_has_the_least_hash",
        "sample_seeds": "test_kept_seeds_are_those_of_the_twin",
        "has_run": "test_runs_and_pairs_of_noted_keys",
        "language_of": "test_the_language_of_places",
        "find_content": "test_runs_and_pairs_of_noted_keys",
        "has_pair": "test_runs_and_pairs_of_noted_keys",
        "find_likely_rows": "test_no_document_with_a_noted_seed_is_passed_over",
        "best_windows": "test_the_best_windows_are_those_of_the_twin",
    },
    "seeds": {
        "part_of": "test_seeds_of_a_document",
        "write_ngrams": "test_seeds_of_a_document",
        "write_word_pairs": "test_seeds_of_a_document",
        "write_seeds": "test_seeds_of_one_document",
        "longest_of": "test_split_seeds",
        "mark_seeds": "test_no_seed_that_occurs_again_is_left_out",
        "pick_seeds": "test_no_seed_that_occurs_again_is_left_out",
        "split_seeds": "test_split_seeds",
        "gather_groups": "test_groups_of_seeds",
        "bound_groups": "test_groups_of_seeds",
        "last_rank": "test_groups_of_seeds",
        "count_rows": "test_groups_of_seeds",
        "place_of": "test_no_seed_that_occurs_again_is_left_out",
        "ask_for_counts": "test_no_seed_that_occurs_again_is_left_out",
        "index_rows": "test_groups_of_seeds",
        "sort_rows": "test_groups_of_seeds",
    },
    "sought": {
        "slot_of": "test_match_seeds",
        "take_up": "test_match_seeds",
        "find_heads": "test_match_seeds",
        "write_matches": "test_match_seeds",
        "match_seeds": "test_match_seeds",
        "side_of": "test_find_sought",
        "find_sought": "test_find_sought",
    },
    "sets": {
        "fill_cells": "test_fill_cells",
        "count_in_cells": "test_common_values",
        "count_equal": "test_common_values",
        "count_common": "test_common_values",
    },
    "shingles": {
        "fmix64": "test_finalisers",
        "power_of": "test_shingle_units",
        "shingle_units": "test_shingle_units",
        "shingle_rows": "test_shingle_rows",
        "table_size": "test_distinct_rows",
        "distinct_row": "test_distinct_rows",
        "distinct_rows": "test_distinct_rows",
        "close_gaps": "test_distinct_rows",
        "gather_rows": "test_gather_rows",
        "characters": "test_decode_agrees_with_python",
        "character_rows": "test_character_rows",
    },
    "stars": {
        "overlap_of": "test_overlaps",
        "same_side": "test_overlaps",
        "count_members": "test_members_of_every_span",
        "count_all_members": "test_members_of_every_span",
        "sift_down": "test_the_first_key_of_a_heap_moves_down",
        "write_star": "test_stars_are_those_of_plain_search",
        "name_members": "test_stars_are_those_of_plain_search",
        "explain": "test_stars_are_those_of_plain_search",
        "take_stars": "test_stars_are_those_of_plain_search",
    },
    "stopwords": {
        "find_word": "test_hash_table",
        "fill_table": "test_templates",
        "place_words": "test_hash_table",
        "count_bits": "test_count_languages",
        "count_languages": "test_count_languages",
        "without_capitals": "test_document_frequencies",
        "counter_of": "test_document_frequencies",
        "count_documents": "test_document_frequencies",
        "weigh_frequent": "test_document_frequencies",
        "plain_capitals": "test_plain_capitals",
        "have_names": "test_classify_rows",
        "find_stop_words": "test_classify_rows",
        "spread_names": "test_classify_rows",
        "lengthen_names": "test_classify_rows",
        "weigh_tokens": "test_classify_rows",
        "longest_row": "test_classify_rows",
        "class_tokens": "test_classify_rows",
        "classify_rows": "test_classify_rows",
    },
    "stories": {
        "term_at": "test_bags",
        "document_of": "test_bags",
        "fill_bag": "test_bags",
        "empty_bag": "test_bags",
        "home_of": "test_counts_of_terms",
        "find_slot": "test_counts_of_terms",
        "count_terms": "test_counts_of_terms",
        "move_terms": "test_counts_of_terms",
        "sort_numbers": "test_sorted_numbers",
        "write_vector": "test_vectors",
        "weigh_terms": "test_vectors",
        "weigh_rows": "test_vectors",
        "value_of": "test_products",
        "product": "test_products",
        "products_of": "test_products",
        "spread_vector": "test_products",
        "clear_vector": "test_products",
        "product_with": "test_products",
        "least_first": "test_the_least_come_first",
        "count_heads": "test_partners",
        "fill_postings": "test_partners",
        "push_best": "test_the_largest",
        "add_candidates": "test_partners",
        "ask_for_vector": "test_partners",
        "find_partners": "test_partners",
        "merge_vector": "test_expansion",
        "add_vectors": "test_expansion",
        "keep_heaviest": "test_expansion",
        "write_sum": "test_expansion",
        "expand_rows": "test_expansion",
    },
    "telling": {
        "find_tokens": "test_tokens_of_tagged_lines_in_passages",
        "count_marked": "test_tokens_of_tagged_lines_in_passages",
    },
    "templates": {
        "_ending_key": "test_endings_and_words",
        "_words": "test_endings_and_words",
        "_starts": "test_endings_and_words",
        "_is_cased": "test_endings_and_words",
        "cut_units": "test_units",
        "_is_known": "test_templates",
        "find_templates": "test_templates",
        "sketch_rows": "test_sketches",
        "mean_likeness": "test_mean_likeness",
        "text_bounds": "test_text_bounds",
    },
    "text": {
        "mix": "test_mix",
        "hash_link": "test_tokenise_without_offsets",
        "decode": "test_decode",
        "fold_code": "test_fold_code",
        "fold_at": "test_tokenise_without_offsets",
        "pass_separator": "test_tokenise_rows",
        "pass_marks": "test_tokenise_without_offsets",
        "count_plain": "test_tokenise_without_offsets",
        "add_code": "test_tokenise_without_offsets",
        "add_value": "test_tokenise_without_offsets",
        "read_short": "test_tokenise_without_offsets",
        "read_letters": "test_letters_outside_ascii",
        "read_plain": "test_tokenise_without_offsets",
        "word_hash": "test_tokenise_without_offsets",
        "read_word": "test_tokenise_without_offsets",
        "flags_of": "test_tokenise_rows",
        "tokenise": "test_tokenise_without_offsets",
        "tokenise_rows": "test_tokenise_rows",
    },
    "windows": {
        "add_content": "test_add_content",
        "carry_over": "test_take_text",
        "take_text": "test_take_text",
        "make_buffers": "test_take_text",
        "widest_of": "test_sign_texts",
        "reading_of": "test_sign_texts",
        "sign_texts": "test_sign_texts",
        "band_texts": "test_band_texts",
        "shingle_texts": "test_shingle_texts",
    },
}


COUNTED, UNCOUNTED = {"njit"}, {"njit_uncounted", "njit_inline"}


def kernels_in(path, kinds=COUNTED | UNCOUNTED):
    """Return the kernels that a module defines, each with the names that it uses."""
    return {
        node.name: {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and any(getattr(each, "id", "") in kinds for each in node.decorator_list)
    }


DEFINED = {path.stem: found for path in KERNELS if (found := kernels_in(path))}


def callers_of(module, kernel):
    """Return the kernels of a module that call one of them, at first or second hand and so on."""
    found, before = {kernel}, set()
    while found != before:
        before = set(found)
        found |= {each for each, uses in DEFINED[module].items() if found & uses}
    return found


def names_in(path):
    """Return the tests of a file, each with all names that the file uses."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
    named |= {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    return {node.name: named for node in tree.body if isinstance(node, ast.FunctionDef)}


TESTS = {name: named for path in FILES for name, named in names_in(path).items()}


@pytest.mark.parametrize("module", sorted({*DEFINED, *REGISTRY}))
def test_every_kernel_has_a_twin(module):
    assert set(DEFINED.get(module, {})) == set(REGISTRY.get(module, {}))
    written = kernels_of(importlib.import_module(f"dedup.kernels.{module}"))
    assert written - {"scratch_for"} == set(REGISTRY[module])  # that makes buffers, not compiled


@pytest.mark.parametrize("module", sorted(REGISTRY))
def test_the_test_of_a_twin_is_there_and_names_the_kernel(module):
    """Some kernels are compared through a kernel of their module that calls them, or a caller's."""
    for kernel, test in REGISTRY[module].items():
        named = TESTS[test]
        callers = callers_of(module, kernel)
        public = kernel == "tokenise_rows"  # through tokenise_texts
        assert kernel in named or callers & named or public, f"{module}.{kernel}: {test}"


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_kernels_that_count_no_references_call_no_other_kind(path):
    """An array that one of the others makes or hands on would never be freed, or too early."""
    module = importlib.import_module(f"dedup.kernels.{path.stem}")
    for kernel, uses in kernels_in(path, UNCOUNTED).items():
        for name in uses:
            function = inspect.unwrap(getattr(getattr(module, name, None), "py_func", len))
            home = ROOT / function.__module__.replace(".", "/") if function is not len else None
            if home is not None and home.parent.name == "kernels":
                counted = kernels_in(home.with_suffix(".py"), COUNTED)
                assert function.__name__ not in counted, f"{kernel} calls {name}"


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_kernels_that_count_no_references_return_no_array(path):
    module = importlib.import_module(f"dedup.kernels.{path.stem}")
    for kernel in kernels_in(path, UNCOUNTED):
        for found in getattr(getattr(module, kernel), "nopython_signatures", []):
            assert "array" not in str(found.return_type).lower(), kernel


def constants_of_today():
    """Return what ``scripts/mutants`` finds: {module.NAME: value}."""
    loader = importlib.machinery.SourceFileLoader("mutants", str(ROOT / "scripts" / "mutants"))
    spec = importlib.util.spec_from_loader("mutants", loader)
    mutants = importlib.util.module_from_spec(spec)
    loader.exec_module(mutants)
    found = {}
    for module in mutants.MODULES:
        loaded = importlib.import_module(f"dedup.kernels.{module}")
        for name, codes in mutants.constants(module).items():
            changes = [f"{float(each):.6g}" for each in mutants.changes(loaded, name, codes)]
            found[f"{module}.{name}"] = (f"{float(getattr(loaded, name)):.6g}", changes)
    return found


def test_every_constant_of_the_passage_kernels_is_guarded():
    """After a change of a constant run ``scripts/mutants --only module.NAME``."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    today = constants_of_today()
    assert set(record) == set(today)
    for name, row in record.items():
        value, changes = today[name]
        assert (row["value"], sorted(row["noticed"])) == (value, sorted(changes)), name
        for test in row["noticed"].values():
            path, _, function = test.partition("::")
            assert function in names_in(ROOT / path), f"{name}: {test} is not there"
