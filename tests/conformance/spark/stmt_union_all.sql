-- include: bids, people
SELECT bidder, channel FROM bids WHERE price < 50 UNION ALL SELECT age, city FROM people WHERE age > 90 UNION ALL SELECT bidder, channel FROM bids WHERE price < 20;
