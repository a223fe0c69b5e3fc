"""How often English sentences end with a word: made by `bench/lastwords.py`."""

WORDS = {
    -4.0: """
        a an and his i i'd i'm if its my of our san the their very what's which your
    """,
    -3.5: """
        as he how i'll it's let let's make put should such thank that's we would
    """,
    -3.0: """
        able because came can even every give had just per she they took under until vs when whether
        who you're
    """,
    -2.5: """
        across allow almost among any but by chai could directed don't during each few for get has
        he's http i've in local looks los major many may might next non pick political prefer search
        seemed several some sounds taking tell than these they're till to we're were what will wish
        with you've
    """,
    -2.0: """
        according add african almond along although always are based became been brought check chi
        common couldn't create current de departing european find finding gets haven't having highly
        hoping however including into is kept las leaving like looked looking makes microsoft moral
        most mountain mr mrs must near new oat pivottable premium probably provides saw second seem
        seems send sent serves shall share sit social sort still stood supposed t term that'll thats
        there's therefore turned united upon usually walked wanna want was we'll where www
    """,
    -1.5: """
        about accept addition additional against also american ansi appreciate asian august between
        big black book both bright bring british can't captain certain chinese college contact
        couple custom decided democratic despite digital does don economic especially fight figure
        foreign former fort getting gonna half he'd heading heard how's hundred iced image indian
        individual international keep kind kinda kinds large less listen little locate look making
        military moving named national nearly never nope nor o on oneway onto or other palo
        particularly personal picking planning police professor provide pull quite ran rather re
        recent reserve returning root round s santa sat save sexual shared short shuttle silver
        simply single slightly so sometimes special specific spent suddenly through throughout told
        toward tried try twelve uncle using various ve walnut wasn't we've whats whom whose within
        without won't wondering wouldn't yes
    """,
    -1.0: """
        after allows another appeared around arrival at be become began being bought build buy
        central certainly co comes comic coming compact cosmetic currently deep definitely departure
        design developed did different direct double drop ended extra fact fear feel feeling felt
        final finally five fly flying followed following french from full gave glad global goes
        going got greater harry hey hi hold human include intermediate iodine join known lay learned
        least leave lets likely long lots love luxury made main matcha member modern no not official
        only onward opening over particular parts play pool poor preferably proposed public purchase
        quarter really saying searching secretary seeing self she's shown since sitting small
        something south spoke stage staying study super take takes terms that this thought thousand
        thus towards traveling triple types u upcoming used waiting watching went white whole you
        young
    """,
    -0.5: """
        access actually al already am anyone anything ask attached bed behind believe born call
        called cast cause changed changes checking child choose clock close come considered delta
        depart didn't doesn't due e ever example filter form four front general george given greek
        green growing hard have held hello her high hour interested isn't knew knowledge last
        laundry lead learn left living maybe mean meet middle miles mood more moved n need normal
        north often old order original own p parents part past perhaps period pet phone played pop
        population president pretty private published read real received record red regular return
        returned rose running schedule science see seen serve similar simple someone sound sql
        standard star starting state step straight student suitable taken talking ten think thinking
        third those three travel trying turn twenty two type uh um union up use value views visiting
        wants weather while who's woman words worked working written wrote xml yup
    """,
    0.0: """
        all back before cab change d do early far fat father first go hear hope know light men move
        ok open out rental six support sure talk university way women
    """,
    1.0: """
        0 action activities activity airport alright americano analysis answer attend attention away
        bags bar bedroom below better brother bus car cars center class conditions death decaf
        decaffeinated details died dinner downtown drink drinks drive eat economy enron everything
        expensive fast feet film fire flight format friends games gone hall happened himself hotel
        houses humidity india issue issues kitchen land languages latte life link list london lunch
        mail match me menu mind money movement movie nice okay page paris party place playing
        portland price problem problems products questions reach released report reservation
        restaurant restaurants room sacramento salon saturday seattle sleep society spot station
        street sunday them theory though together total trees trip true vanilla visit weeks well
        wine works world yeah yet
    """,
    1.5: """
        address ago allowed amazing america anaheim apartment arrive atl atlanta attraction
        australia avenue bay beach begin bucks c city com concert cool cost costly counselor dates
        days delhi dentist destination director doctor dollars else europe event events excellent
        fantastic fish flights food fresno friday friendly fun game genre good great happen hazelnut
        helping home job la later lattes located location march meal milk mom moment monday movies
        museum music necessary net others pasta people phoenix practitioner priced proceed
        psychiatrist psychologist range recommend ride right road seat seats services song songs
        soon speed start states stuff tea television thanks therapist there thursday tickets toronto
        town tuesday vancouver vehicle venue view washington wednesday weekend wonderful work wow
        york
    """,
    2.0: """
        account again alarms angeles anyway apartments available awesome balance bath bedrooms
        calendar canada chicago day dr earlier england evening fine fremont furnished garage helpful
        here higher hill liquor morning needed night now number option options park perfect person
        persons pets philadelphia please possible rating reference refundable rooms sauce service
        speaker steamer suggestions theater ticket tonight too uk valley vegas
    """,
    2.5: """
        ' afternoon airlines alcohol alto area assistance az baths bc berkeley ca campbell choice
        clara correct creek diego fee france francisco ga html instead insurance lax napa nearby ny
        nyc oakland online philly ramon sd sf sunnyvale today tomorrow wa week wifi
    """,
    3.0: """
        bye device fran jose mhm month pm rosa sfo subtitles
    """,
}

PAIRS = {
    -4.0: """
        0 at, 0 in, 0 or, a different, a little, a long, a luxury, a regular, a shared, also need,
        am looking, am not, and it, and this, and you, appointment at, can you, car from, could you,
        did you, do you, don't need, half past, how about, i also, i feel, i got, i love, i really,
        i'm looking, if you, in on, in santa, is no, it for, it s, leave on, like something,
        like to, look for, me find, must be, need to, no not, no that, not be, okay that, on march,
        out on, pick it, please find, reservation at, search for, so that, something around,
        sure that, thanks for, that this, the last, the main, the only, the whole, there anything,
        there on, think that, to find, to get, up from, want something, want to, what about,
        what is, what kind, when does, when you, where is, which is, would have, yeah that,
        yes that, you also, you look, you play, you tell
    """,
    -3.5: """
        0 bed, a general, a good, and do, as you, find me, get me, i actually, i'd like, i'll be,
        in need, just need, let me, only need, please have, quarter past, so you, tell me, to meet,
        what type, will have, you schedule
    """,
    -3.0: """
        a family, a great, a three, am interested, and have, and her, and one, as it, be checking,
        book me, but it, could have, get two, give me, have anything, i am, i hope, i plan, if it,
        in front, in her, like two, make sure, must have, no longer, please schedule, that have,
        the city's, the old, the two, to book, to take, up at, what do, with three, with two,
        would like, would need, yes it, you show
    """,
    -2.5: """
        a medium, a nice, a one, a rental, call it, does it, for march, go back, have live, how do,
        i m, i'll go, i'm going, i'm not, me something, of this, one way, please change, please go,
        some interesting, that you, the largest, to have, to order, washington d, what it, when it,
        will it, you change
    """,
    -2.0: """
        a data, a huge, a sports, a unisex, also help, an entry, and then, are all, as though,
        because it, but then, cast it, e g, else do, fly out, from one, going out, his first,
        how long, i can, i please, i'll need, i'm all, if there, keep it, let's do, long before,
        make it, make me, much it, my first, no it, other hand, out of, return it, search it,
        set it, should have, so it, some good, some nice, sql query, tea do, the amount, think it,
        to set, try booking, we all, which station, will be, will need, with all, with one,
        you assist, you move, you please
    """,
    -1.5: """
        0 year, a matter, a number, a place, an economy, and there, any good, buy me, change it,
        even though, find out, from march, get one, help me, how much, i enjoy, i have, is one,
        like one, need help, one i, pick up, put it, reserve me, show me, such as, that it,
        that there, the first, the history, the march, the rest, their phone, under the,
        until march, want it, we can, we have, which bus, you can, you help
    """,
    -1.0: """
        a house, a music, able to, an imax, and now, and please, are pets, as soon, at afternoon,
        at century, at evening, be needing, but there, check in, check it, check out, for movies,
        heard of, his wife, i forgot, in one, it a, it in, know i, looking for, my grandmother,
        my name, need it, no one, oh my, on wednesday, put the, round trip, share it, should i,
        take me, the flight, the good, the right, the speaker, they are, time the, to march, to one,
        to reach, to show, told me, weather condition, what genre, what station, what time,
        would it, yes please
    """,
    -0.5: """
        a decaf, a group, a man, and some, assist me, at morning, care of, find any, for flights,
        go on, hi there, i watch, is there, it is, know when, look like, need one, no please,
        no thanks, not right, of la, of tea, on friday, on sunday, only one, please help,
        something interesting, the album, the appointment, the balance, the end, the food,
        the great, the man, the name, the other, the start, the total, travel to, weather like,
        what else, you guys, you want
    """,
    0.0: """
        a latte, a look, address is, and book, anything available, are there, are they, are you,
        at that, bus station, cab ride, day after, find movies, for this, gonna be, is that,
        live in, many people, need tickets, of music, of that, on monday, on saturday, on tuesday,
        some kind, some movies, something fun, stay at, that apartment, the airport, the bus,
        the number, the problem, they could, think of, thinking of, to start, to work, u s, up with,
        what airport, which airport, you are
    """,
    0.5: """
        a ride, a whole, at last, can find, coming from, departing from, do something, for two,
        get that, go to, help with, is now, is on, is this, leaving from, like this, movie is,
        not really, nothing else, of milk, of people, on thursday, or more, other people, play that,
        say that, the book, the city, the dates, the day, the doctor, the past, the people,
        the work, to tell, to that, with her, you got, you like
    """,
    1.0: """
        0 rating, a week, any more, be like, each other, eat at, for that, going on, it be, it does,
        it's all, leave from, listen to, no no, not now, of two, one day, please do, see that,
        talking about, the rating, the rental, to do, to her, to you, try again, was all, with this,
        you have
    """,
    1.5: """
        0 century, a train, a while, a year, about that, can watch, captain marvel, come out,
        coming up, depart from, do it, do so, for you, got it, i wanted, like that, my favorite,
        of it, of three, of us, other attractions, regular show, rent it, stay in, tell you,
        thank you, that time, that's it, thats all, the future, the war, this time, to live,
        with him, you found
    """,
    2.0: """
        a transfer, about it, access page, as well, at once, be all, car rental, chai latte,
        do that, for them, from you, get in, good movie, his head, i say, imax show, in economy,
        international airport, it out, long time, my trip, on it, or not, reserve it, she said,
        so on, sounds nice, that one, the help, this one, to them, very much, with that, with them,
        with you, your help
    """,
    2.5: """
        0 people, all good, all set, are allowed, arrive at, at all, be okay, bus tickets,
        call them, can visit, car there, chi town, cold brew, cost me, d c, do there, event dates,
        event start, event tickets, for it, four people, going there, great help, in there,
        is great, is nice, live music, looks good, looks right, me out, mountain view, my group,
        oh yeah, or something, other dates, other movies, pop songs, portland or, pretty good,
        price range, restaurant there, ride there, san rafael, sounds great, that car, that event,
        that hotel, that place, this car, this event, this hotel, this movie, this restaurant,
        this saturday, this sunday, three people, to it, two days, will do, with it, years ago
    """,
    3.0: """
        0 am, 0 please, account balance, account please, all thanks, allow pets, allows pets,
        and address, appreciate it, around there, attractions there, be fine, be good, be great,
        be nice, be perfect, bedroom speaker, cab there, cappuccino please, cortado please,
        cosmetic services, debra perlingiere, flight there, for everything, for me, for now,
        found earlier, get there, go please, go there, good one, good thanks, hotel there,
        i'm there, if possible, in antioch, in concord, in fairfield, in fremont, in gilroy, in it,
        in kitchen, in la, in livermore, in petaluma, is right, it now, it start, just fine,
        kitchen speaker, latte please, london england, london uk, los gatos, me there, milk please,
        mocha please, month please, near there, next friday, next monday, next thursday,
        next tuesday, next wednesday, now thanks, number please, of march, over there, per day,
        per night, perfect thanks, pleasant hill, really good, redwood city, right now,
        rohnert park, room there, tea please, that day, there please, there too, tickets please,
        to me, toronto canada, toronto ontario, upcoming trip, with me, years back, york city
    """,
}

ENDINGS = {
    -1.0: """
        's cal ced ial
    """,
    -0.5: """
        al ally ered ic ked ned ring sing ting
    """,
    0.0: """
        an ant ary ate c d der ess est g her l lt ly sh us ve wn
    """,
    0.5: """
        ad cted el ha hed hing ia id il ld ll nd ness ol ta ul
    """,
    1.0: """
        a am as ck els ere ey ir ist ke o ps rd res rts try ves
    """,
}

OTHER = 0.5
