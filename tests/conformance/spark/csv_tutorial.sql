-- include: people
SELECT id, name, age, gender, birthday, email, phone, address, city, country FROM people;
