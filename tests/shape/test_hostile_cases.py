"""test_hostile_cases.py - each id of the list of hostile cases has tests that show it, or a reason why not

tests/fault/cases.txt is the table of K and W, with a test of its own; this one has all others.
A row: ids -> "file::name" (below tests/; in C a function or a row's text), several between blanks;
or a sentence in parentheses for what is left out.
"""
import re

import pytest

import linnet

IDS = """
P01 P02 P03 P04 P05 P07 P08 P09 P10 P11 P12 P13 P14 P15 P16 P17 P19 P20 P21 P22 P23 P24
T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11 T12 T13 T14 T15
A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A24 A25 A26 A27 A28 A29 A30
G01 G02 G03 G04 G05 G06 G08 G09 G10 G13 G14 G15 G16 G17 G18 G19 G20 G22
N01 N02 N03 N04 N05 N06 N07 N08 N09 N10 N11 N12 N13 N15 N17 N18 N19 N20 N21 N22
M01 M02 M03 M04 M05 M06 M07 M09 M10 M11 M12 M13 M14 M15 M16 M17 M18 M19 M20 M21 M22 M23 M24
S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S12 S13 S14 S15 S16 S17 S18 S19 S20
D01 D02 D03 D04 D05 D06 D07 D08 D09 D10 D11 D12 D13 D14 D15 D16 D17 D18
O01 O02 O04 O05 O06 O08 O09
B01 B03 B04 B06 B07 B08 B09 B10 B11 B12 B13 B14
L01 L02 L03 L04 L05 L06 L07 L08 L09 L10 L11 L12 L14 L15 L17 L18 L19 L20
""".split()

NO_ACL = "(there is no ACL extension)"
EVERY_ITEM = "wire/test_hostile_messages.py::test_M_octets_sizes_and_grammar wire/test_hostile_messages.py::test_M_pop3_agrees"

CASES = {
    "P01": "wire/test_pre_login_imap.py::P01-nul-in-quoted",
    "P02": "wire/test_pre_login_imap.py::P02-nul-behind-backslash",
    "P03": "wire/test_pre_login_imap.py::P03-nul-in-literal",
    "P04": "wire/test_pre_login_pop3.py::test_p04_nuls wire/test_pre_login_pop3.py::P04-nul",
    "P05": ("wire/test_hostile_commands.py::test_P05_lines_of_64_KiB "
           "wire/test_pre_login_imap.py::test_p05_a_line_without_end "
           "wire/test_pre_login_imap.py::test_p05_the_limit_is_eight_kib "
           "wire/test_pre_login_pop3.py::test_p05_a_line_without_end"),
    "P07": ("wire/test_pre_login_imap.py::test_p07_long_names_are_never_cut "
           "wire/test_pre_login_pop3.py::test_p07_names_are_never_cut"),
    "P08": ("wire/test_pre_login_imap.py::test_p08_empty_lines_are_counted "
           "wire/test_pre_login_imap.py::P08-bare-lf wire/test_pre_login_imap.py::P08-bare-cr"),
    "P09": ("wire/test_hostile_commands.py::test_P09_literals_that_are_none "
           "wire/test_pre_login_imap.py::P09-literal-sizes "
           "wire/test_pre_login_imap.py::P09-literals-that-are-none wire/test_pre_login_imap.py::P09-plus-alone "
           "wire/test_pre_login_imap.py::P09-huge-plus"),
    "P10": "wire/test_hostile_sessions.py::test_P10_two_hundred_half_lines",
    "P11": ("wire/test_hostile_commands.py::test_P11_G05_brackets "
           "wire/test_pre_login_imap.py::test_p11_brackets_in_any_number"),
    "P12": "wire/test_pre_login_imap.py::test_p12_p13_the_deadline_is_absolute",
    "P13": "wire/test_pre_login_imap.py::test_p12_p13_the_deadline_is_absolute",
    "P14": "wire/test_pre_login_imap.py::P14-literals-in-all",
    "P15": "wire/test_pre_login_imap.py::P15-not-before-login wire/test_pre_login_imap.py::P15-append-plus",
    "P16": ("wire/test_pop3_commands.py::test_form_of_lines_P16 wire/test_pre_login_pop3.py::P16-not-before-login "
           "wire/test_pre_login_pop3.py::P16-wrong-forms wire/test_pre_login_pop3.py::P16-tab "
           "unit/test_pop3_command.c::test_lines_D01_D02_P16"),
    "P17": ("wire/test_pre_login_imap.py::test_p17_tls_on_the_plain_port wire/test_pre_login_imap.py::P17-http "
           "wire/test_pre_login_imap.py::P17-ssh wire/test_pre_login_imap.py::P17-smtp "
           "wire/test_pre_login_pop3.py::test_p17_tls_on_the_plain_port"),
    "P19": "wire/test_pre_login_imap.py::test_p19_id_limits wire/test_pre_login_imap.py::P19-id-nested",
    "P20": ("wire/test_pre_login_imap.py::test_p20_authd_is_away "
           "wire/test_pre_login_imap.py::test_p20_authd_is_stopped"),
    "P21": ("wire/test_pre_login_imap.py::test_p21_half_close "
           "wire/test_pre_login_start.py::test_p21_reset_before_the_greeting"),
    "P22": ("system/test_xinetd.py::test_P22_client_gone_before_the_greeting "
           "wire/test_pre_login_start.py::test_p22_a_client_that_never_reads"),
    "P23": ("system/test_descriptors.py::test_P23_closed_descriptors "
           "system/test_descriptors.py::test_P23_a_file_is_no_connection "
           "system/test_descriptors.py::test_P23_a_terminal_is_no_connection "
           "system/test_descriptors.py::test_P23_a_datagram_socket_is_no_connection "
           "system/test_descriptors.py::test_P23_another_socket_on_1_gets_nothing"),
    "P24": ("system/test_descriptors.py::test_P24_environment_is_cleared "
           "system/test_stunnel.py::test_P24_REMOTE_HOST_is_believed_only_with_the_option "
           "wire/test_pre_login_start.py::test_p24_the_environment_is_not_believed"),
    "T01": ("wire/test_pre_login_tls.py::test_t01_t02_t03_injected_commands_do_nothing "
           "wire/test_pre_login_tls.py::test_t01_in_one_segment_is_dropped"),
    "T02": "wire/test_pre_login_tls.py::test_t01_t02_t03_injected_commands_do_nothing",
    "T03": "wire/test_pre_login_tls.py::test_t01_t02_t03_injected_commands_do_nothing",
    "T04": "wire/test_pre_login_tls.py::test_t04_not_starttls",
    "T05": "wire/test_pre_login_tls.py::test_t05_user_is_forgotten",
    "T06": "wire/test_pre_login_tls.py::test_t06_an_exchange_is_forgotten",
    "T07": "wire/test_pre_login_tls.py::test_t07_tls_inside_tls",
    "T08": ("wire/test_pre_login_imap.py::test_refused_from_afar "
           "wire/test_pre_login_pop3.py::test_refused_from_afar"),
    "T09": "wire/test_pre_login_tls.py::test_t09_alpn",
    "T10": "wire/test_pre_login_tls.py::test_t10_half_hellos_free_their_place",
    "T11": ("wire/test_pre_login_tls.py::test_t11_renegotiation_is_refused "
           "wire/test_pre_login_tls.py::test_t11_key_updates_are_bounded"),
    "T12": "wire/test_pre_login_tls.py::test_t12_server_names",
    "T13": "wire/test_pre_login_tls.py::test_t13_new_certificates_while_running",
    "T14": ("wire/test_pre_login_imap.py::test_t14_proxy "
           "wire/test_pre_login_imap.py::test_t14_proxy_in_front_of_tls "
           "wire/test_pre_login_imap.py::test_t14_proxy_from_the_world_is_not_believed"),
    "T15": "wire/test_pre_login_tls.py::test_t15_truncation_stores_nothing",
    "A01": ("wire/test_authd_protocol.py::test_empty_initial_response_A01 "
           "wire/test_pre_login_imap.py::test_a01_sasl_lines_may_be_longer "
           "wire/test_pre_login_imap.py::A01-cancel-and-nonsense wire/test_pre_login_imap.py::A01-cancel-login "
           "wire/test_pre_login_imap.py::A01-empty-initial"),
    "A02": "wire/test_authd_protocol.py::test_plain_messages_A02 unit/test_auth_mechanisms.c::test_dialogues_A02",
    "A03": ("wire/test_authd_mechanisms.py::test_given_up_at_each_step_A03 "
           "wire/test_authd_protocol.py::test_cancelled_dialogues_leave_nothing_A03 "
           "wire/test_authd_protocol.py::test_no_growth_over_many_connections_A03"),
    "A04": "wire/test_authd_protocol.py::test_bad_base64_hurts_nobody_else_A04",
    "A05": ("wire/test_authd_mechanisms.py::test_any_response_A05 "
           "wire/test_authd_protocol.py::test_any_response_A05 "
           "wire/test_pre_login_pop3.py::test_a05_sasl_message_of_every_length "
           "unit/test_auth_mechanisms.c::test_any_length_A05 unit/test_auth_mechanisms.c::test_truncated_A05"),
    "A06": ("wire/test_authd_protocol.py::test_names_refused_A06_A09 wire/test_pre_login_imap.py::A06-empty-user "
           "wire/test_pre_login_pop3.py::A06-no-user unit/test_auth_user_name.c::test_names_A06_A11"),
    "A07": ("wire/test_authd_protocol.py::test_log_stays_one_clean_line_A07 "
           "unit/test_auth_user_name.c::test_length_and_nul_A07 unit/test_auth_user_name.c::test_for_log_A07"),
    "A08": ("wire/test_authd_sql.py::test_two_spellings_one_folder_A08 "
           "wire/test_authd_sql.py::test_the_folder_is_the_databases_name_A08 "
           "wire/test_authd_sql.py::test_what_the_database_calls_the_user_is_checked_A08 "
           "wire/test_authd_users.py::test_canonical_name_A08"),
    "A09": ("wire/test_authd_protocol.py::test_names_refused_A06_A09 "
           "wire/test_authd_sql.py::test_names_that_never_reach_the_database_A09"),
    "A10": "wire/test_authd_sql.py::test_injections_A10_A12 unit/test_auth_sql.c::test_rewrite_A10",
    "A11": "unit/test_auth_user_name.c::test_names_A06_A11",
    "A12": "wire/test_authd_sql.py::test_injections_A10_A12",
    "A13": ("wire/test_authd_protocol.py::test_userdb_that_may_not_be_A13 "
           "wire/test_pre_login_start.py::test_a13_locations_that_cannot_be"),
    "A14": ("wire/test_authd_protocol.py::test_stored_passwords_A14_A15 "
           "wire/test_authd_protocol.py::test_a_user_twice_is_nobody_A14 "
           "wire/test_authd_sql.py::test_rows_A14_A15 wire/test_authd_sql.py::test_two_rows_for_one_name_A14 "
           "unit/test_auth_password.c::test_unusable_A14_A15"),
    "A15": ("wire/test_authd_protocol.py::test_stored_passwords_A14_A15 wire/test_authd_sql.py::test_rows_A14_A15 "
           "wire/test_ctl.py::test_absurd_costs_are_refused_at_once_A15 "
           "unit/test_auth_password.c::test_unusable_A14_A15"),
    "A16": ("wire/test_authd_protocol.py::test_password_lengths_A16 "
           "wire/test_authd_sql.py::test_password_bytes_A16 wire/test_pre_login_pop3.py::test_a16_long_password "
           "unit/test_auth_password.c::test_lengths_A16"),
    "A17": ("wire/test_authd_mechanisms.py::test_nothing_tells_who_is_there_A17 "
           "wire/test_authd_protocol.py::test_unknown_user_costs_a_hash_A17 "
           "unit/test_auth_password.c::test_dummies_A17 unit/test_auth_scram.c::test_salt_tells_nothing_A17"),
    "A18": ("wire/test_authd_guess.py::test_pauses_grow_for_the_guesser_only_A18 "
           "wire/test_authd_guess.py::test_the_same_wrong_password_is_no_guess_A18 "
           "wire/test_pre_login_imap.py::test_a18_three_failures_and_one_line"),
    "A19": "wire/test_authd_guess.py::test_hundred_at_once_A19 unit/test_auth_penalty.c::test_at_once_A19",
    "A20": ("wire/test_authd_users.py::test_cache_answers_the_same_question_only_A20 "
           "unit/test_auth_penalty.c::test_every_question_its_own_answer_A20"),
    "A21": ("wire/test_authd_users.py::test_a_revoked_application_password_A21 "
           "wire/test_authd_users.py::test_a_changed_password_works_at_once_A21 "
           "wire/test_authd_users.py::test_cache_ends_with_its_time_A21"),
    "A22": ("wire/test_authd_users.py::test_application_passwords_A22 "
           "wire/test_authd_users.py::test_a_passdb_for_other_mechanisms_only_A22 "
           "wire/test_authd_users.py::test_no_hint_of_the_first_passdb_in_the_second_A22"),
    "A24": "wire/test_authd_trouble.py::test_secrets_are_compared_in_constant_time_A24",
    "A25": ("wire/test_authd_mechanisms.py::test_scram_plus_A25 "
           "wire/test_authd_mechanisms.py::test_scram_refusals_A25 "
           "wire/test_authd_mechanisms.py::test_scram_final_cannot_be_replayed_A25 "
           "wire/test_authd_mechanisms.py::test_plus_is_believed_of_a_monitor_only_A25 "
           "wire/test_login_mechanisms.py::test_scram_plus_with_tls_unique_A25"),
    "A26": ("wire/test_authd_mechanisms.py::test_bad_tokens_A26_A28 "
           "unit/test_auth_scram.c::test_oauth_messages_A26"),
    "A27": ("wire/test_authd_mechanisms.py::test_external_A27 "
           "wire/test_authd_mechanisms.py::test_user_name_from_the_certificate_A27 "
           "wire/test_login_mechanisms.py::test_external_A27 "
           "wire/test_login_mechanisms.py::test_external_of_another_authority_A27 "
           "wire/test_login_mechanisms.py::test_external_without_a_certificate_A27"),
    "A28": ("wire/test_authd_mechanisms.py::test_bad_tokens_A26_A28 "
           "wire/test_authd_mechanisms.py::test_jku_is_not_looked_at_A28"),
    "A29": ("wire/test_authd_protocol.py::test_garbage_closes_that_connection_only_A29 "
           "wire/test_authd_protocol.py::test_random_bytes_A29 "
           "wire/test_authd_protocol.py::test_half_frames_take_bounded_memory_A29 "
           "wire/test_authd_protocol.py::test_too_many_questions_at_once_A29 "
           "wire/test_authd_protocol.py::test_descriptors_sent_along_are_not_kept_A29"),
    "A30": ("wire/test_authd_protocol.py::test_a_second_authd_leaves_the_first_alone_A30 "
           "wire/test_authd_protocol.py::test_what_is_no_socket_is_not_removed_A30 "
           "unit/test_auth_client.c::test_places_A30 unit/test_auth_client.c::test_peer_A30"),
    "G01": ("wire/test_imap_catenate.py::test_G01_arguments_have_a_budget "
           "wire/test_imap_grammar.py::test_G01_synchronizing_literals_up_to_the_total "
           "wire/test_imap_grammar.py::test_G01_one_literal_too_large "
           "wire/test_imap_grammar.py::test_G01_literal_plus_in_small_pieces "
           "unit/test_command_reader.c::test_G01_sizes"),
    "G02": ("wire/test_hostile_commands.py::test_G02_literal_plus_that_cannot_be_skipped "
           "wire/test_imap_grammar.py::test_G02_literal_plus_beyond_the_limit "
           "wire/test_imap_grammar.py::test_G02_literal_for_a_command_that_takes_none"),
    "G03": ("wire/test_hostile_commands.py::test_G03_lists_of_ten_thousand_and_one "
           "wire/test_imap_grammar.py::test_G03_G05_long_and_deep unit/test_cursor.c::test_G03_tokens_are_limited "
           "unit/test_fetch.c::test_G03_a_hundred_thousand_items"),
    "G04": ("wire/test_fetch_items.py::test_G04_partials wire/test_fetch_items.py::test_G04_bad "
           "wire/test_hostile_commands.py::test_G04_G06_G17_numbers"),
    "G05": ("wire/test_hostile_commands.py::test_P11_G05_brackets "
           "wire/test_hostile_commands.py::test_G05_nesting_of_32_and_33 "
           "wire/test_imap_grammar.py::test_G03_G05_long_and_deep "
           "wire/test_search_wire.py::test_deep_and_long_programs_G05 "
           "wire/test_search_wire.py::test_programs_within_the_limits_G05"),
    "G06": ("wire/test_hostile_commands.py::test_G04_G06_G17_numbers "
           "wire/test_hostile_commands.py::test_G06_sets_of_ten_thousand_ranges "
           "wire/test_imap_grammar.py::test_G06_numbers_that_are_not_there "
           "wire/test_imap_grammar.py::test_G06_sets wire/test_imap_grammar.py::test_G06_empty_mailbox"),
    "G08": ("wire/test_imap_append.py::test_G08_refused_before_the_literal_is_asked_for "
           "wire/test_imap_append.py::test_G08_dates_beyond wire/test_imap_append.py::test_G08_nothing_to_append "
           "wire/test_imap_append.py::test_G08_third_message_fails_and_none_is_there "
           "wire/test_imap_catenate.py::test_G08_what_fails_leaves_nothing"),
    "G09": ("wire/test_imap_append.py::test_G09_too_big_before_it_is_asked_for "
           "wire/test_imap_append.py::test_G09_the_limit_is_a_setting"),
    "G10": ("wire/test_imap_append.py::test_G10_NUL_is_refused wire/test_imap_append.py::test_G10_octets_come_back "
           "wire/test_imap_append.py::test_G10_bare_LF_becomes_CRLF "
           "wire/test_imap_append.py::test_G10_one_line_of_50_MB_in_constant_memory"),
    "G13": ("wire/test_imap_change.py::test_G13_flags_that_cannot_be "
           "wire/test_imap_change.py::test_G13_sets_with_many_elements unit/test_grammar.c::test_G13_flag_lists "
           "unit/test_grammar.c::test_G13_a_keyword_has_a_length"),
    "G14": ("wire/test_imap_dialogue.py::test_silence_within_IDLE_G14 "
           "wire/test_imap_idle.py::test_G14_commands_glued_behind_DONE "
           "wire/test_imap_idle.py::test_G14_everything_in_one_packet "
           "wire/test_imap_idle.py::test_G14_DONE_in_pieces "
           "wire/test_imap_idle.py::test_G14_garbage_ends_it_with_BAD"),
    "G15": ("wire/test_hostile_commands.py::test_G15_N13_literals_of_any_bytes "
           "wire/test_imap_catenate.py::test_RFC4469_4_1_a_bad_url_is_shown_encoded_G15 "
           "wire/test_imap_mailbox.py::test_N13_G15_nothing_splits_a_response "
           "wire/test_search_wire.py::test_nothing_of_a_search_is_echoed_G15"),
    "G16": ("wire/test_hostile_sessions.py::test_G16_bombs_in_constant_memory "
           "wire/test_imap_compress.py::test_G16_what_is_glued_behind_it_is_no_command "
           "wire/test_imap_compress.py::test_G16_a_bomb_is_a_long_line "
           "wire/test_imap_compress.py::test_G16_STARTTLS_behind_it"),
    "G17": ("wire/test_hostile_commands.py::test_G04_G06_G17_numbers "
           "wire/test_imap_condstore.py::test_G17_what_is_not_allowed "
           "wire/test_imap_condstore.py::test_G17_enable_a_thousand_unknown_ones "
           "wire/test_imap_condstore.py::test_G17_in_pieces_and_glued"),
    "G18": ("wire/test_imap_change.py::test_G18_a_hundred_commands_in_one_write "
           "wire/test_imap_change.py::test_G18_expunges_wait_for_a_command_that_allows_them"),
    "G19": ("wire/test_hostile_sessions.py::test_G19_mailbox_is_left_in_the_middle_of_a_FETCH "
           "wire/test_hostile_sessions.py::test_G19_LOGOUT_while_a_literal_is_pending"),
    "G20": "wire/test_imap_catenate.py::test_G20_replace_that_cannot_be",
    "G22": ("wire/test_imap_grammar.py::test_G22_tags wire/test_pre_login_imap.py::G22-tags "
           "unit/test_grammar.c::test_G22_tags"),
    "N01": ("wire/test_imap_mailbox.py::test_N01_N04_names_that_cannot_be "
           "unit/test_grammar.c::test_N01_N04_N13_mailbox_names"),
    "N02": "wire/test_imap_mailbox.py::test_N02_N03_N12_odd_names_round_trip",
    "N03": ("wire/test_imap_list.py::test_N03_names_below_a_slash "
           "wire/test_imap_mailbox.py::test_N02_N03_N12_odd_names_round_trip "
           "wire/test_imap_mailbox.py::test_N03_limits_of_names unit/test_names.c::test_N03_both_ways"),
    "N04": ("wire/test_imap_mailbox.py::test_N01_N04_names_that_cannot_be "
           "unit/test_grammar.c::test_N01_N04_N13_mailbox_names"),
    "N05": ("wire/test_imap_list.py::test_N05_INBOX_has_children_whatever_sorts_before_them "
           "wire/test_imap_mailbox.py::test_N05_INBOX_in_any_case"),
    "N06": "unit/test_store.c::N06",
    "N07": "wire/test_imap_mailbox.py::test_N07_rename_and_delete",
    "N08": "wire/test_hostile_sessions.py::test_N08_names_that_look_alike_stay_apart",
    "N09": "wire/test_store_underfoot.py::test_planted_link",
    "N10": "wire/test_store_underfoot.py::test_no_messages",
    "N11": "wire/test_store_underfoot.py::N11",
    "N12": "wire/test_imap_mailbox.py::test_N02_N03_N12_odd_names_round_trip",
    "N13": ("wire/test_hostile_commands.py::test_G15_N13_literals_of_any_bytes "
           "wire/test_imap_mailbox.py::test_N13_G15_nothing_splits_a_response "
           "unit/test_grammar.c::test_N01_N04_N13_mailbox_names"),
    "N15": "wire/test_store_underfoot.py::test_permissions_removed",
    "N17": "wire/test_store_underfoot.py::test_subscriptions unit/test_keywords.c::N17",
    "N18": NO_ACL,
    "N19": "(there are no shared namespaces: a user sees the own Maildir only)",
    "N20": ("wire/test_hostile_sessions.py::test_N20_patterns_in_each_command "
           "wire/test_imap_mailbox.py::test_N20_patterns_are_linear unit/test_list_match.c::test_N20_cost"),
    "N21": ("wire/test_imap_list.py::test_N21_wrong_options "
           "wire/test_imap_list.py::test_N21_a_thousand_patterns_and_a_vanished_box"),
    "N22": "wire/test_store_underfoot.py::test_same_name_at_once",
    "M01": EVERY_ITEM,
    "M02": EVERY_ITEM,
    "M03": ("wire/test_fetch_items.py::test_M03_one_line_of_fifty_megabytes "
           "unit/test_header.c::test_M03_long_header unit/test_part.c::test_M03_longer_than_windows " + EVERY_ITEM),
    "M04": EVERY_ITEM,
    "M05": "wire/test_fetch_items.py::test_M05_M06_M07_M10_bounded unit/test_part.c::test_M05_nesting " + EVERY_ITEM,
    "M06": ("wire/test_fetch_items.py::test_M05_M06_M07_M10_bounded unit/test_part.c::test_M06_many_parts "
           "unit/test_part.c::test_M06_long_boundaries unit/test_preview.c::test_M06_empty_parts " + EVERY_ITEM),
    "M07": ("wire/test_fetch_items.py::test_M05_M06_M07_M10_bounded "
           "unit/test_part.c::test_M07_messages_in_messages " + EVERY_ITEM),
    "M09": EVERY_ITEM,
    "M10": ("wire/test_fetch_items.py::test_M05_M06_M07_M10_bounded "
           "unit/test_fetch.c::test_M10_half_a_million_address_lines " + EVERY_ITEM),
    "M11": "unit/test_address.c::test_M11_without_end " + EVERY_ITEM,
    "M12": "unit/test_part.c::test_M12_decoded_text " + EVERY_ITEM,
    "M13": "unit/test_header.c::test_M13_a_megabyte " + EVERY_ITEM,
    "M14": "unit/test_header.c::test_M14_many_sections " + EVERY_ITEM,
    "M15": "unit/test_part.c::test_M15_cut_at_every_byte " + EVERY_ITEM,
    "M16": "wire/test_hostile_messages.py::test_M16_M19_search_sort_thread unit/test_date.c::test_M16_a_megabyte " + EVERY_ITEM,
    "M17": "unit/test_preview.c::test_M17_ten_megabytes " + EVERY_ITEM,
    "M18": EVERY_ITEM,
    "M19": ("wire/test_hostile_messages.py::test_M16_M19_search_sort_thread "
           "unit/test_thread.c::test_a_chain_of_100000_M19 unit/test_thread.c::test_long_walks_are_bounded_M19 "
           "unit/test_thread.c::test_duplicates_cycles_and_chance_M19 "
           "unit/test_thread.c::test_very_many_references_M19 " + EVERY_ITEM),
    "M20": "(a process serves one user, whatever the address: wire/test_processes.py; the parser is fuzzed by fuzz_header.c)",
    "M21": EVERY_ITEM,
    "M22": ("wire/test_fetch_items.py::test_M22_a_file_that_shrinks_while_it_is_sent "
           "wire/test_pop3_content.py::test_file_that_shrinks_does_not_look_complete_M22 "
           "unit/test_source.c::test_M22_file_shrinks unit/test_source.c::test_M22_file_changes"),
    "M23": "wire/test_fetch_items.py::test_M23_lying_names",
    "M24": "wire/test_fetch_items.py::test_M24_packed_by_another_server " + EVERY_ITEM,
    "S01": "wire/test_imap_change.py::test_S01_two_expunge_the_same_set",
    "S02": ("wire/test_fetch_items.py::test_S02_vanished "
           "wire/test_imap_change.py::test_S02_fetch_of_what_another_expunged "
           "unit/test_fetch.c::test_S02_vanished"),
    "S03": "wire/test_imap_change.py::test_S03_flags_of_two_sessions_unite",
    "S04": "wire/test_imap_condstore.py::test_S04_one_winner",
    "S05": ("wire/test_imap_change.py::test_S05_delivery_while_selected "
           "wire/test_search_wire.py::test_deliveries_while_searching_S05"),
    "S06": "interop/test_dovecot_exchange.py::test_at_once",
    "S07": "wire/test_hostile_sessions.py::test_S07_copy_and_move_while_others_expunge",
    "S08": "wire/test_imap_change.py::test_S08_move_of_what_is_gone",
    "S09": "wire/test_store_underfoot.py::test_recent_once",
    "S10": ("wire/test_imap_idle.py::test_S10_mailbox_goes_while_idle "
           "wire/test_imap_mailbox.py::test_recreated_mailbox_has_a_greater_uidvalidity_S10 "
           "wire/test_imap_mailbox.py::test_S10_mailbox_goes_while_selected_elsewhere"),
    "S12": ("wire/test_imap_condstore.py::test_S12_offline_across_many_changes "
           "wire/test_imap_resync_model.py::test_S12_a_resynchronised_client_sees_what_a_fresh_one_sees"),
    "S13": "wire/test_pop3_update.py::test_vanished_messages_S13",
    "S14": ("wire/test_pop3_update.py::test_one_session_at_a_time_S14 "
           "wire/test_pop3_update.py::test_lock_of_a_killed_session_is_gone_S14"),
    "S15": "wire/test_pop3_update.py::test_imap_session_sees_what_quit_deletes_S15",
    "S16": "(left out: no test takes inotify away; mailbox_watch() that fails leaves IDLE looking at intervals)",
    "S17": ("unit/test_mailbox.c::S17 unit/test_keywords.c::S17 unit/test_courier.c::S17 "
           "wire/test_quota.py::test_more_keywords_than_letters"),
    "S18": "unit/test_mailbox.c::S18 interop/test_dovecot_exchange.py::test_renames_while_dovecot_reads",
    "S19": ("wire/test_imap_condstore.py::test_S19_a_saved_result_after_an_expunge "
           "wire/test_search_returns.py::test_saved_result_and_expunge_RFC5182_2_1_S19"),
    "S20": "(left out: it needs two hosts on one NFS)",
    "D01": ("wire/test_pop3_commands.py::test_numbers_that_are_no_message_D01 "
           "unit/test_pop3_command.c::test_lines_D01_D02_P16"),
    "D02": "wire/test_pop3_commands.py::test_top_D02 unit/test_pop3_command.c::test_lines_D01_D02_P16",
    "D03": "wire/test_pop3_update.py::test_reset_and_lost_connections_delete_nothing_D03_D11",
    "D04": ("wire/test_pop3_update.py::test_deletion_that_fails_D04 "
           "wire/test_pop3_update.py::test_deletion_of_some_fails_D04"),
    "D05": "wire/test_pop3_content.py::test_dots_and_line_ends_D05",
    "D06": "wire/test_pop3_content.py::test_sizes_are_what_is_sent_D06",
    "D07": ("wire/test_pop3_content.py::test_unique_ids_stay_D07 "
           "wire/test_pop3_content.py::test_unique_ids_of_other_servers_D07 "
           "wire/test_pop3_content.py::test_unique_id_kept_in_the_uidlist_wins_D07 "
           "wire/test_pop3_extensions.py::test_xuidl_of_another_server_D07 "
           "unit/test_pop3_uidl.c::test_formats_D07"),
    "D08": ("wire/test_pop3_content.py::test_index_answers_without_opening_a_message_D08 "
           "wire/test_pop3_content.py::test_100000_messages_D08"),
    "D09": ("wire/test_pop3_commands.py::test_pipelined_in_one_packet_D09 "
           "wire/test_pre_login_pop3.py::D09-pipelined"),
    "D10": ("wire/test_pop3_content.py::test_large_message_in_constant_memory_D10 "
           "wire/test_pop3_content.py::test_client_stops_reading_D10"),
    "D11": "wire/test_pop3_update.py::test_reset_and_lost_connections_delete_nothing_D03_D11",
    "D12": "wire/test_pop3_update.py::test_mail_that_comes_is_not_seen_D12",
    "D13": ("wire/test_pop3_extensions.py::test_long_response_D13 "
           "wire/test_pop3_extensions.py::test_forms_of_auth_D13 wire/test_pre_login_pop3.py::D13-auth"),
    "D14": "wire/test_pre_login_pop3.py::D14-all-behind-the-first-space",
    "D15": ("wire/test_pop3_extensions.py::test_language_goes_through_the_login_RFC6856_s3_D15 "
           "unit/test_pop3_texts.c::test_ranges_D15"),
    "D16": "wire/test_pop3_extensions.py::test_login_delay_D16",
    "D17": "wire/test_pop3_commands.py::test_many_commands_D17",
    "D18": ("wire/test_pop3_extensions.py::test_expire_removes_old_and_seen_mail_at_quit_D18 "
           "wire/test_pop3_extensions.py::test_expire_0_removes_what_was_read_D18"),
    "O01": "wire/test_hostile_sessions.py::test_O01_O04_O05_O06_no_such_command",
    "O02": "wire/test_hostile_sessions.py::test_O02_nothing_of_another_user",
    "O04": "wire/test_hostile_sessions.py::test_O01_O04_O05_O06_no_such_command",
    "O05": "wire/test_hostile_sessions.py::test_O01_O04_O05_O06_no_such_command",
    "O06": "wire/test_hostile_sessions.py::test_O01_O04_O05_O06_no_such_command",
    "O08": "(no state leaves the process: there are no parked sessions and no resume tokens)",
    "O09": ("wire/test_authd_users.py::test_master_users_O09 "
           "wire/test_authd_users.py::test_no_masters_without_the_settings_O09"),
    "B01": ("wire/test_authd_sql.py::test_database_down_B01 "
           "unit/test_auth_penalty.c::test_no_verdict_no_penalty_B01"),
    "B03": ("wire/test_authd_protocol.py::test_stopped_workers_are_replaced_at_the_deadline_B03 "
           "wire/test_authd_sql.py::test_slow_query_keeps_nobody_else_waiting_B03"),
    "B04": ("wire/test_authd_sql.py::test_connection_lost_unseen_B04 "
           "wire/test_authd_sql.py::test_statement_is_prepared_again_B04 "
           "wire/test_authd_sql.py::test_host_that_says_nothing_B04 "
           "wire/test_authd_users.py::test_fail_over_without_a_lost_request_B04_B11 "
           "wire/test_authd_users.py::test_tls_to_the_database_B04"),
    "B06": ("wire/test_authd_protocol.py::test_killed_server_is_replaced_B06 "
           "wire/test_authd_protocol.py::test_killed_keeper_takes_all_with_it_and_a_new_one_finds_its_place_B06 "
           "wire/test_authd_sql.py::test_killed_workers_and_many_logins_B06"),
    "B07": "wire/test_authd_trouble.py::test_restart_between_the_steps_B07",
    "B08": ("wire/test_login_mechanisms.py::test_SIGTERM_is_seen_while_authd_is_waited_for_B08 "
           "unit/test_auth_client.c::test_silence_B08"),
    "B09": "wire/test_authd_trouble.py::test_socket_that_is_not_there_or_not_ours_B09",
    "B10": ("wire/test_authd_trouble.py::test_out_of_descriptors_B10 "
           "wire/test_authd_trouble.py::test_many_dear_hashes_and_a_canary_B10"),
    "B11": ("wire/test_authd_users.py::test_a_write_that_fails_blocks_no_login_B11 "
           "wire/test_authd_users.py::test_fail_over_without_a_lost_request_B04_B11 "
           "wire/test_authd_users.py::test_back_at_the_first_host_when_the_second_goes_B11"),
    "B12": ("wire/test_authd_protocol.py::test_sighup_with_a_broken_file_changes_nothing_B12 "
           "wire/test_authd_sql.py::test_sighup_reads_the_sql_file_again_B12"),
    "B13": "wire/test_authd_users.py::test_database_down_and_a_cache_B13",
    "B14": "wire/test_authd_trouble.py::test_a_deleted_user_is_kicked_B14",
    "L01": "(a measurement, not a test: bench/burst.py)",
    "L02": ("system/test_container.py::test_L02_burst_leaves_the_sockets_serving "
           "system/test_container.py::test_L02_listener_takes_the_burst "
           "system/test_systemd.py::test_L02_no_remote_off_switch wire/test_pre_login_start.py::test_l02_a_burst"),
    "L03": "system/test_xinetd.py::test_L03_one_address_cannot_switch_the_service_off",
    "L04": ("wire/test_pre_login_start.py::test_per_address_cap_before_login "
           "wire/test_pre_login_imap.py::test_p12_p13_the_deadline_is_absolute"),
    "L05": "(a measurement, not a test: bench/login.py)",
    "L06": "wire/test_authd_guess.py::L06",
    "L07": "(left out: needs a network that goes away and minutes of time)",
    "L08": "wire/test_pop3_extensions.py::L08",
    "L09": "wire/test_hostile_sessions.py::test_L09_stopped_for_a_while",
    "L10": "wire/test_hostile_sessions.py::test_L10_slow_large_literals_in_constant_memory",
    "L11": "(a measurement, not a test: bench/bench_store.py)",
    "L12": "wire/test_imap_list.py::test_L12_ten_thousand_folders",
    "L14": "(left out: needs an upgrade of an installed package)",
    "L15": "wire/test_hostile_sessions.py::test_L15_nobody_reads_the_log",
    "L17": "wire/test_hostile_sessions.py::test_L17_addresses_of_IPv4_in_IPv6",
    "L18": "(left out: needs a machine with SELinux enforcing)",
    "L19": "(left out: needs a memory cgroup of its own)",
    "L20": "(left out: takes seven days)",
}


def test_every_id_has_a_row():
    assert sorted(CASES) == sorted(IDS)
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("case", [case for case in IDS if not CASES[case].startswith("(")])
def test_what_is_named_is_there(case):
    for where in CASES[case].split():
        path, _, name = where.partition("::")
        text = (linnet.TOP / "tests" / path).read_text()
        assert re.search(rf"^def {name}\(|^{name}\(|^    \"{re.escape(name)}\": |\b{re.escape(name)}\b(?!\()", text, re.M), where


def test_a_reason_is_a_sentence():
    reasons = [reason for reason in CASES.values() if reason.startswith("(")]
    assert all(reason.endswith(")") and len(reason.split()) > 3 for reason in reasons)
