-- rule: 1.3 a / b, %
-- about: an integer by zero fails the job
-- fails: division by zero
-- include: extremes
CREATE TABLE sink (id INT, a INT) WITH (${sink:sink});
INSERT INTO sink SELECT id, 10 / i FROM extremes;
