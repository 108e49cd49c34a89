-- include: people
SELECT id, phone LIKE '', name LIKE '' FROM people WHERE phone <> '';
