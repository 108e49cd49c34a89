-- rule: 1.3 DECIMAL + - * / %
-- about: above 38 digits the scale shrinks, not below 6
-- include: extremes
CREATE TABLE sink (id INT, a DECIMAL(38, 17), b DECIMAL(38, 6), c DECIMAL(38, 6), e DECIMAL(38, 9)) WITH (${sink:sink});
INSERT INTO sink SELECT id, q + q, q * q, CASE WHEN q <> 0 THEN q / q END, q * p FROM extremes;
