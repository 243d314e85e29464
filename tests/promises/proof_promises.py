"""What is promised of the proofs themselves, and of texts that nobody foresaw."""

from __future__ import annotations

from tests.mutants.mutant import Edit
from tests.promises.promise import Promise, known, promise, tests, tests_in

PROOFS: tuple[Promise, ...] = (
    promise(
        "rules",
        "States, the SQL constraints and the diagram of docs/architecture.md are one rule book",
        tests("test_database_rules"),
        "a card in review cannot be taken out any more, in the core alone",
        Edit(
            "actors/domain/item.py",
            "        (State.IN_REVIEW, Action.WITHDRAW): State.WITHDRAWN,\n",
            "",
        ),
        sample=tests_in("test_database_rules", "tests/contracts/test_database_rules.py"),
    ),
    promise(
        "simulate",
        "Any order of events that the simulation can think of, by seed",
        "make simulate SEEDS=2000",
        "Telegram forgets a tap as soon as its item was told",
        *known("confirmed_before_it_is_recorded"),
        tells="nothing is confirmed before it is durable",
        sample="make simulate SEEDS=20",
    ),
    promise(
        "mutants",
        "The simulation finds each mistake of a catalogue ([table](../tests/mutants/README.md))",
        "make mutants",
        "a promise that breaks is not noted",
        Edit("tests/simulation/safety.py", "if not self.is_over and all(", "if False and all("),
        tells='"missed": ["confirmed_before_it_is_recorded"]',
        sample='make mutants ARGS="--only confirmed_before_it_is_recorded --seconds 15"',
    ),
    promise(
        "mutate",
        "Random mistakes in the source turn the tests beside it red ([how many](../tests/mutate/README.md))",
        "make mutate",
        "a test that turns red has found nothing",
        Edit("tests/mutate/trial.py", "return Verdict(End.KILLED, ended.failed)", "return Verdict(End.SURVIVED)"),
        tells='"killed": 0',
        sample='make mutate ARGS="--at actors/domain/time_zones.py --goal 70"',
    ),
    promise(
        "canary",
        "The same seed gives the same trace in every process",
        tests("canary"),
        "dice are thrown by Python's own hash of a name",
        Edit(
            "tests/simulation/dice.py",
            'return Random(f"{self.seed}/{name}")',
            'return Random(hash(f"{self.seed}/{name}"))',
        ),
        sample=tests_in("canary", "tests/simulation/test_canary.py"),
    ),
    promise(
        "hostile",
        "No update, reply, file, link or setting, of whatever shape, does harm",
        'make test ARGS="-k hostile"',
        "an update that cannot be read crashes whoever reads it",
        Edit(
            "infra/telegram/updates.py",
            "        except UNREADABLE as error:",
            "        except MemoryError as error:",
        ),
        sample='make test ARGS="-k hostile tests/infra/telegram/test_hostile_updates.py"',
    ),
    promise(
        "failures",
        "The forty failures of the replaced system, each with its tests ([table](../tests/failures.md))",
        tests("failures_table"),
        "a toast that comes too late ends whatever its tap began (F6)",
        *known("refused_toast_stops_the_action"),
        sample=tests_in("failures_table", "tests/test_failures_table.py", "tests/actors/item/test_item_lines.py"),
    ),
    promise(
        "contracts",
        "The in-memory database behaves as PostgreSQL does",
        tests("contracts"),
        "the in-memory database does not ask for the right to tap",
        *known("strangers-may-tap"),
        sample=tests_in("contracts", "tests/contracts/test_database_rights.py"),
    ),
    promise(
        "incident",
        "The incident that started the project, finding by finding",
        tests("test_investigation or test_ssl_retry"),
        "a connection that was lost under way counts as a statement that was refused for good",
        Edit(
            "infra/postgres/sqlstates.py",
            'return AnswerLost(f"the database broke off',
            'return Refused(f"the database broke off',
        ),
        sample=tests_in("test_investigation or test_ssl_retry", "tests/scenarios/test_ssl_retry.py"),
    ),
    promise(
        "secrets",
        "No token or password in a log line, or in any message of the whole test run",
        tests("test_logs or test_secrets"),
        "secrets that are known are hidden only where they have the shape of one",
        Edit("infra/logs.py", "            text = self._known.sub(HIDDEN, text)\n", "            text = str(text)\n"),
        sample=tests_in("test_logs or test_secrets", "tests/infra/test_logs.py"),
    ),
)
