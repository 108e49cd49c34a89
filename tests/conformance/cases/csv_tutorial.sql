-- rule: 1.5 CSV quoting on write, 1.5 CSV times
-- about: the tutorial: ten columns, values with blanks, quotes and more than 24 characters are quoted
-- include: people
CREATE TABLE sink (
  id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING, phone STRING, address STRING, city STRING, country STRING
) WITH (${sink:sink});
INSERT INTO sink SELECT id, name, age, gender, birthday, email, phone, address, city, country FROM people;
