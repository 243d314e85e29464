"""What earlier releases call, by their bindings and their command line: functions and counts of arguments."""

from __future__ import annotations


def _calls(text: str) -> set[tuple[str, int]]:
    return {(name, int(count)) for name, count in (one.split() for one in text.split(","))}


OF_0019 = _calls(
    """
    acknowledge_cards 2, add_account 6, add_chat 2, add_item 4, add_media 2, claim_due 2, claim_tokens 1,
    close_tap 8, hold_lease 4, list_accounts 1, list_chats 0, list_items 2, list_media 1, list_members 1, load_row
    2, look_ahead 1, look_at_chat 3, move_chat 2, note_token 6, pause_chat 5, present_next 5, record_tap 9,
    recover 2, release_lease 2, remove_account 1, remove_item 2, requeue_by_command 5, requeue_item 4,
    reseal_token 3, save_card 7, save_permalink 4, sealed_tokens 0, send_failed 6, set_account 1, set_chat 2,
    set_member 3, step_publish 8, store_finding 8, store_outcome 6, store_token 5, take_publish 3, tidy_up 0,
    why_item 1, write_interactions 2
    """
)
OF_0031 = _calls(
    """
    acknowledge_cards 2, add_account 6, add_chat 2, add_media 2, changes_told 2, claim_due 3, claim_tokens 1,
    close_tap 10, hold_lease 4, keep_claim 3, list_accounts 1, list_chats 0, list_items 2, list_media 1,
    list_members 1, load_row 2, look_ahead 1, look_at_button 6, look_at_chat 3, look_at_set_up 0, move_chat 2,
    note_token 6, operator_queues 4, operator_removes 2, operator_requeues 4, pause_chat 5, present_next 5,
    record_tap 11, recover 2, release_lease 2, remove_account 1, requeue_by_command 5, reseal_token 3, save_card
    7, save_permalink 4, sealed_tokens 0, send_failed 8, set_account 1, set_chat 2, set_command_aside 5,
    set_member 3, step_publish 8, store_finding 9, store_outcome 6, store_token 5, take_publish 3, tidy_up 0,
    why_item 1, write_interactions 2
    """
)
