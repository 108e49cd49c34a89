-- rule: 1.4
-- about: TO_TIMESTAMP with a format; without texts of more than three digits, which Flink carries along
-- include: parse
CREATE TABLE sink (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3)) WITH (${sink:sink});
INSERT INTO sink SELECT id, TO_TIMESTAMP(s, 'yyyy-MM-dd HH:mm:ss'), TO_TIMESTAMP(s, 'yyyy-MM-dd''T''HH:mm:ss'), TO_TIMESTAMP(s, 'dd/MM/yyyy') FROM parse WHERE id NOT IN (95, 102);
