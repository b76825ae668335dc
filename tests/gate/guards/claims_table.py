"""What agents of a shop, a clinic, a hotel and a bank say, with what is known in the call: right and wrong."""

from datetime import date

TODAY = date(2026, 3, 4)  # a Wednesday
INSTRUCTIONS = """You answer for a clinic, a hotel, a bank and a shop. Speak in one or two short sentences.
The practice is open on weekdays from 8:00 to 17:30. Prescriptions are ready within 2 working days.
Check-in is from three in the afternoon, check-out until eleven. Breakfast is 14.50 euros a person.
Answer "What does an account cost?" with: "An account is free for the first year, then it costs three euros fifty a month."
Late cancellations within 24 hours cost 50 % of the price."""
TOLD = [
    "{'patient': 'P-20417', 'slots': ['2026-03-10T09:40', '2026-03-10T14:20', '2026-03-12T11:00'], 'doctor': 'Dr. Weiss'}",
    "Blood pressure was 128 over 82 on the 18th of February 2026. The next check is in six weeks.",
    '{"booking": "HX-7731", "nights": 3, "room": 214, "arrival": "2026-03-20", "total_eur": 417.0, "city_tax": 2.5}',
    "Account DE-4471 has a balance of 1,284.07 EUR. The last payment was 63.20 EUR on Monday the 2nd of March.",
    "The transfer limit is 5000 euros a day. The interest rate is 2.75%.",
    "The oak table is 1.80 m long, weighs 42 kg and costs €649. Delivery takes 10 to 14 days and costs 39 euros.",
    "There are 6 left in stock. With the code SPRING you get 12% off until the 31st of March.",
    "I would like to come next Tuesday, in the afternoon if you can.",
    "My card ends in four four seven one and I paid about four hundred euros.",
    "facts: people: 2; order_number: 5530",
]

RIGHT = """Just a moment, I am having a look.
One thing first: whom am I speaking with?
I have two or three questions for you.
Let me see what I can do in the next minute or so.
You are number P-20417 with us.
Dr. Weiss is free on Tuesday at twenty to ten.
On Tuesday the tenth I have twenty past two in the afternoon.
There is 2:20 pm on Tuesday, March 10th.
Or Thursday the twelfth at eleven o'clock.
Would 14:20 on the 10th of March suit you?
Next Tuesday works: the 10th of March.
It was a hundred and twenty-eight over eighty-two.
That was on February the eighteenth.
Your next check is in six weeks.
We are open from eight in the morning until half past five.
We are open until 5:30 pm on weekdays.
Prescriptions are ready within two working days.
Your booking HX-7731 is for three nights in room two one four.
You arrive on Friday, the 20th of March.
That is four hundred and seventeen euros in total.
The total is €417.00.
There is a city tax of two euros fifty.
Breakfast is fourteen euros fifty a person.
Breakfast for you is €14.50 each.
You can check in from 3 pm.
Please check out by eleven in the morning.
If you cancel within twenty-four hours, half of it, fifty per cent, is due.
Your balance is one thousand two hundred and eighty-four euros and seven cents.
You have 1284.07 euros on the account.
The last payment was sixty-three euros twenty.
It was booked on Monday.
It was booked the day before yesterday, on March 2nd.
You can transfer up to five thousand euros a day.
The interest rate is two point seven five percent.
It is 2.75 % at the moment.
It costs three fifty a month after the first year.
The table is one point eight metres long.
It weighs forty-two kilos.
The oak table costs six hundred and forty-nine euros.
Delivery takes ten to fourteen days.
Delivery is 39 euros.
There are only six left.
With the code you save twelve percent.
The code is good until the thirty-first of March.
So that is for two people, right?
Order fifty-five thirty, is that correct?
You said your card ends in 4471.
You paid roughly four hundred and twenty euros.
I will send you both of them, one by mail and one by post.
I can put you through to one of my colleagues.
There is nobody at the desk before three.
Would you like to do it today, on Wednesday?
In 2026 we have not raised our prices.
Can I help you with anything else, or was that the only one?
I am afraid I do not have a time for you this week.""".splitlines()

WRONG = """Dr. Weiss is free on Wednesday the eleventh.
Dr. Weiss is free on Tuesday at ten past nine.
I can offer you 16:45 on Thursday.
The first one is at quarter to eight.
Your blood pressure was 138 over 82.
That was on January the eighteenth.
Your next check is in eight weeks.
We are open until seven in the evening.
We are open on Sundays too.
Prescriptions are ready within five working days.
Your booking HX-7713 is for three nights.
It is room 241.
You stay for four nights, so five days in all.
You arrive on the 21st of March.
You arrive on Saturday the 20th of March.
That is four hundred and seventy euros in total.
The total is $417.
There is a city tax of three euros.
Breakfast is nineteen euros a person.
You can check in from one in the afternoon.
If you cancel late, eighty per cent is due.
Your balance is one thousand two hundred and forty-eight euros.
You have 284.07 euros on the account.
The last payment was 36.20 EUR.
It was booked on Friday.
It was booked yesterday.
You can transfer up to fifty thousand euros a day.
The interest rate is three percent.
It costs five euros a month.
The table is two metres long.
It weighs twenty-four kilos.
The oak table costs €549.
Delivery takes two days.
Delivery takes three to five days.
Delivery is 29 euros.
There are twelve tables left.
You save fifteen percent.
The code is good until the 30th of April.
Your order is 5503.
Your card ends in 4417.
We refund you twenty euros.
I will call you back tomorrow.
Come by at noon.
Call us on 030 555 0199.
Take 500 mg every six hours.""".splitlines()
