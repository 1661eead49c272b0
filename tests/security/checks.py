"""The 35 checks of the security checklist (shared/facts/fault-matrix.md, part C).

Each names what there is to attack (``surface``, empty while there is nothing) and the tests that
attack it: files, or single tests as ``file::name``. New tests carry ``@pytest.mark.security(id)``
themselves; those of the houses' other parts are named here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    number: int
    title: str
    surface: str
    tests: tuple[str, ...] = ()


_API, _WEB, _ACCOUNTS = "tests/api/", "tests/web/", "tests/accounts/"
_STRANGERS = f"{_API}test_access.py::test_strangers_see_nothing_of_anybody_else"

CHECKS = (
    Check(1, "Isolation of people's objects", "API, pages, sockets", (
        _STRANGERS,
        f"{_API}test_access.py::test_owners_do_everything_with_their_own_things_but_the_operators_part",
        f"{_API}test_receipts.py::test_drafts_are_their_providers_alone",
        f"{_WEB}test_exchange_accounts_changes.py::test_nobody_sees_or_touches_another_persons_account",
        f"{_WEB}test_sockets_rows.py::test_two_people_hear_each_of_their_own_rows_alone",
        f"{_ACCOUNTS}test_consents.py::test_one_person_sees_only_their_own_consents",
    )),
    Check(2, "Rights by role, enforced by the server", "API, pages, console", (
        f"{_API}test_access.py", f"{_API}test_access_programs.py",
        f"{_API}test_schema.py::test_the_routes_are_those_that_were_reviewed",
        f"{_ACCOUNTS}test_people.py::test_each_role_has_its_rights_in_the_console",
        "tests/console/test_gate.py",
    )),
    Check(3, "No mass assignment", "API", (
        f"{_API}test_me.py::test_preferences_change_by_what_is_named_alone",
    )),
    Check(4, "Answers carry what is needed, secrets never", "API, pages", (
        f"{_API}test_exchanges.py::test_the_keys_arrive_as_sent_sealed_and_are_told_to_nobody",
        f"{_API}test_idempotency.py::test_nothing_of_the_exchange_keys_is_kept",
        f"{_API}test_api_keys.py::test_a_key_is_made_with_a_fresh_code_and_shown_once",
        f"{_WEB}test_exchange_accounts_page.py::test_a_wrong_code_connects_nothing_and_sends_no_key_back",
    )),
    Check(5, "Order of steps and bounds of numbers", "copy settings, consents, alerts", (
        "tests/copying/test_settings_bounds.py",
        f"{_ACCOUNTS}test_consents.py::test_only_who_agreed_to_the_version_in_force_copies_opens",
        "tests/signals/test_hostile_alerts.py",
    )),
    Check(6, "Business transactions are atomic", "API, approvals; payments and payouts: none yet", (
        "tests/copying/test_approvals.py::test_two_tabs_and_a_double_click_give_one_order",
        "tests/copying/test_approvals.py::test_an_approval_and_a_rejection_at_once_leave_one_of_them",
        f"{_API}test_idempotency.py::test_of_eight_requests_at_once_one_does_the_work",
        f"{_ACCOUNTS}test_tokens.py::test_of_eight_refreshes_at_once_one_wins_and_the_family_ends",
    )),
    Check(7, "Limits of rate, and lock-outs that lock out nobody else", "sign-in, API, webhook", (
        f"{_ACCOUNTS}test_lockout.py", f"{_ACCOUNTS}test_sign_in_guard.py",
        f"{_API}test_limits.py", "tests/core/test_limits.py", "tests/signals/test_gate.py",
        f"{_ACCOUNTS}test_sign_in_gate.py", f"{_ACCOUNTS}test_challenges.py",
        f"{_WEB}test_exchange_accounts_changes.py::test_the_sixth_test_within_ten_minutes_is_refused_with_a_code",
    )),
    Check(8, "Passwords", "sign-up, change of password"),
    Check(9, "A second factor where it matters, codes good once", "sign-in, keys, console", (
        f"{_ACCOUNTS}test_passkeys.py", f"{_ACCOUNTS}test_recovery_codes.py",
        f"{_ACCOUNTS}test_second_factor.py", f"{_ACCOUNTS}test_codes_race.py",
        f"{_API}test_exchanges.py::test_without_a_fresh_code_nothing_is_connected_or_removed",
        f"{_API}test_api_keys.py::test_no_key_is_made_without_a_right_code",
    )),
    Check(10, "No way in past the second factor", "password, Telegram, reset; pages and programs", (
        f"{_ACCOUNTS}test_telegram.py::test_who_has_a_second_factor_is_asked_for_it",
        f"{_ACCOUNTS}test_telegram.py::test_a_mini_app_signs_in_once_with_its_data_and_a_code",
        f"{_ACCOUNTS}test_passkeys.py::test_a_password_alone_does_not_open_the_factors_of_who_has_one",
        f"{_API}test_auth.py::test_an_app_is_asked_for_its_code_and_a_code_is_good_once",
        f"{_API}test_auth.py::test_a_recovery_code_does_as_well_once",
        f"{_ACCOUNTS}test_second_factor.py::test_nobody_is_verified_without_signing_in",
    )),
    Check(11, "Sessions change, end and expire", "pages, programs, sockets", (
        f"{_ACCOUNTS}test_sessions.py",
        f"{_ACCOUNTS}test_tokens.py::test_tokens_end_the_moment_that",
        f"{_WEB}test_sockets_sign_in.py::test_ended_outdated_and_blocked_sessions_are_nobodys",
        f"{_WEB}test_sockets_sign_in.py::test_a_changed_password_closes_the_sockets_of_older_sessions",
        f"{_WEB}test_sockets_programs.py::test_a_socket_ends_with_what_its_token_is_worth",
    )),
    Check(12, "Asked again before what is dangerous", "keys, address, factors, console", (
        f"{_ACCOUNTS}test_passkeys.py::test_a_password_alone_does_not_open_the_factors_of_who_has_one",
        f"{_API}test_exchanges.py::test_without_a_fresh_code_nothing_is_connected_or_removed",
        f"{_API}test_api_keys.py::test_no_key_is_made_without_a_right_code",
        f"{_API}test_kill.py::test_without_a_fresh_code_or_a_reason_nothing_is_set",
        "tests/console/test_actions.py",
    )),
    Check(13, "Cookies", "session, csrf"),
    Check(14, "Headers, CORS, framing", "every view"),
    Check(15, "CSRF", "every view that a cookie opens", (
        f"{_WEB}test_approvals_page.py::test_a_forged_form_changes_nothing_and_leads_nowhere_else",
        f"{_API}test_exchanges.py::test_a_form_of_another_site_changes_nothing",
        f"{_WEB}test_exchange_accounts_changes.py::test_forms_of_other_sites_change_nothing",
    )),
    Check(16, "Webhooks prove who sent them", "TradingView's door, Telegram's answers", (
        f"{_ACCOUNTS}test_telegram.py::test_the_widgets_vector_is_believed_as_it_is_and_not_changed_old_or_of_another_bot",
        f"{_ACCOUNTS}test_telegram.py::test_init_data_is_believed_by_the_same_rules",
        "tests/signals/test_door_secrets.py", "tests/signals/test_hostile_requests.py",
    )),
    Check(17, "Addresses that cannot be forged", "trusted proxies", (
        "tests/core/test_network.py", "tests/core/test_odd_headers.py",
        f"{_ACCOUNTS}test_lockout.py::test_an_address_is_believed_from_a_trusted_proxy_alone",
    )),
    Check(18, "Sockets: origin and rights", "/ws/", (
        f"{_WEB}test_sockets.py", f"{_WEB}test_sockets_rows.py::test_a_stranger_hears_none_of_them",
    )),
    Check(19, "Servers are not made to ask for others (SSRF)", "proxies' URLs", (
        "tests/core/test_outbound.py",
        "tests/execution/test_egress.py::test_what_is_no_proxys_url_is_refused",
    )),
    Check(20, "Envelope encryption; only the signer opens", "exchange keys, proxies' URLs", (
        "tests/execution/test_signer.py",
        "tests/execution/test_connecting.py::test_web_seals_and_cannot_read_what_waits_for_the_check",
        "tests/ops/test_deployment.py::test_a_process_that_does_not_sign_never_gets_the_master_keys",
    )),
    Check(21, "Sound cryptography", "the source", (
        "tests/execution/test_signer.py::test_two_seals_of_one_secret_have_nothing_in_common",
    )),
    Check(22, "Keys rotate, and a rotation that stops goes on", "wrapping key, token keys", (
        "tests/execution/test_signer.py::test_rotation_keeps_old_boxes_and_rows_readable_until_the_old_key_is_dropped",
        f"{_ACCOUNTS}test_tokens.py::test_a_new_key_signs_while_the_old_ones_tokens_live_out_their_minutes",
    )),
    Check(23, "Password hashing", "Argon2id"),
    Check(24, "TLS is verified", "venues, Vault, proxies", (
        "tests/venues/test_http_pool.py::test_a_host_whose_certificate_nobody_vouches_for_gets_no_byte_of_ours",
    )),
    Check(25, "Nothing inner is public", "metrics, health, console, debug", (
        "tests/core/test_health.py", "tests/core/test_environment.py",
        "tests/ops/test_deployment.py::test_no_port_is_open_to_other_machines",
    )),
    Check(26, "No secret in logs, queues, caches, pages, metrics, dumps", "every sink", (
        "tests/core/test_redaction.py", "tests/core/test_request_log.py",
        "tests/core/test_task_log.py", "tests/signals/test_stored_copies.py",
    )),
    Check(27, "The audit", "entries, seals, console", ("tests/audit",)),
    Check(28, "Faults never mean yes", "Redis, Postgres, venues", (
        "tests/signals/test_without_redis.py",
        f"{_API}test_exceptions.py::test_a_bug_tells_nothing_but_its_request_id",
        "tests/console/test_venue_health.py::test_without_redis_the_page_says_so",
    )),
    Check(29, "Output is encoded", "pages, CSV; Telegram and mails: none yet", (
        "tests/console/test_exports.py", "tests/signals/test_hostile_alerts.py",
    )),
    Check(30, "No pickle; uploads", "queue, cache; uploads: none yet"),
    Check(31, "Dependencies pinned by hash", "the lock; SBOM and advisories: none yet"),
    Check(32, "Exchange keys that may withdraw are refused", "connecting accounts", (
        "tests/execution/test_connecting.py::test_keys_that_may_withdraw_or_do_not_work_are_rejected_and_not_kept",
        "tests/execution/test_connecting.py::test_keys_that_stop_working_make_the_account_failing_until_they_work_again",
        "tests/execution/test_connecting.py::test_rights_that_a_venue_does_not_tell_need_an_operator",
    )),
    Check(33, "Kill switches act at once and last", "every scope", (
        "tests/guards/test_kill.py", "tests/guards/test_in_force.py",
    )),
    Check(34, "OAuth sign-ins", "Telegram's sign-in page; no other", (
        f"{_ACCOUNTS}test_telegram.py::test_an_answer_that_was_begun_elsewhere_does_nothing",
    )),
    Check(35, "Telegram's sign-in is bound to one session", "Telegram's page, Mini App", (
        f"{_ACCOUNTS}test_telegram.py::test_a_linked_account_signs_in_once_with_each_answer",
        f"{_ACCOUNTS}test_telegram.py::test_a_mini_app_signs_in_once_with_its_data_and_a_code",
        f"{_ACCOUNTS}test_telegram.py::test_linking_asks_for_proof_first_and_one_account_is_one_persons",
    )),
)  # fmt: skip


def checks_of(nodeid: str) -> list[int]:
    """Numbers of the checks that name this test, or its file or folder."""
    plain = nodeid.partition("[")[0]
    return [
        check.number
        for check in CHECKS
        if any(plain == name or plain.startswith((f"{name}::", f"{name}/")) for name in check.tests)
    ]
