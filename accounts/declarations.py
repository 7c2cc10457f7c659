"""What an operator declares for accounts; nothing of it is ever made up."""

from datetime import date

ADULT_YEARS = 18


def is_adult(born: date, today: date) -> bool:
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return age >= ADULT_YEARS
