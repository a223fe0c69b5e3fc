"""Names that are listened for: common in the English-speaking world, and from elsewhere.

All but a few are in the dictionary of the embedded recogniser. A name outside these lists
is understood when it comes as text with capitals or is spelled.
"""

FIRST_NAMES = frozenset(
    """
    aaron abdul abigail abraham adam adrian agnes ahmed aidan alan albert alec alejandro alex
    alexander alexandra alexis alfred alice alicia alison allan allen allison alma amanda amber
    amelia amy ana andre andrea andreas andrew andy angel angela angie anita ann anna anne
    annette annie anthony antonio april archie arlene arnold arthur ashley audrey austin ava
    barbara barry beatrice becky ben benjamin bernard bernice bert beth bethany betty beverly
    bill billy bob bobby bonnie brad bradley brandon brenda brendan brent brian bridget brittany
    brooke bruce bryan caitlin caleb calvin cameron candice carl carla carlos carmen carol
    caroline carolyn carrie casey catherine cathy cecilia charlene charles charlie charlotte
    chelsea cheryl chloe chris christian christina christine christopher cindy claire clara
    clarence clark claude claudia clayton clifford clint clive cody colin colleen connie connor
    constance corey courtney craig crystal curtis cynthia daisy dale damian dan dana daniel
    danielle danny darlene darren dave david dawn dean deborah debbie debra declan denise dennis
    derek desmond diana diane diego dina dolores dominic don donald donna doris dorothy doug
    douglas duncan dustin dylan earl eddie edgar edith eduardo edward edwin eileen elaine eleanor
    elena eli elizabeth ella ellen elliot elsie emily emma enrique eric erica erik erin ernest
    esther ethan eugene eva evan eve evelyn faith fatima felicia felix fernando fiona florence
    frances francis francisco frank fred frederick gabriel gail gareth gary gavin gemma geoffrey
    george gerald geraldine gerard gina gladys glen glenn gloria gordon grace graham grant greg
    gregory greta guy gwen hannah harold harriet harry harvey hassan hazel heather hector heidi
    helen henry herbert holly hope howard hugh hugo ian ibrahim ingrid irene iris isaac isabel
    isabella ivan jack jackie jackson jacob jacqueline jade jake james jamie jan jane janet janice
    jared jasmine jason javier jay jean jeff jeffrey jen jenna jennifer jenny jeremy jerome jerry
    jesse jessica jesus jill jim jimmy jo joan joann joanna joanne jodi joe joel john johnny jon
    jonathan jordan jorge jose joseph josephine josh joshua joy joyce juan juanita judith judy
    julia julian julie juliet june justin karen karl kate katherine kathleen kathryn kathy katie
    kay keith kelly ken kendra kenneth kerry kevin kim kimberly kirk kristen kristin kurt kyle
    lance larry laura lauren laurie lawrence leah lee lena leo leon leonard leroy leslie lewis
    liam lillian lily linda lindsay lisa liz lloyd logan lois lola loretta lori lorraine louis
    louise lucas lucia lucy luis luke luther lydia lynn mabel madeline maggie malcolm mandy manuel
    marc marcia marcus margaret maria marian marie marilyn mario marion mark marlene marsha
    martha martin marvin mary mathew matt matthew maureen maurice max maxine megan mel melanie
    melissa melvin meredith mia michael michele michelle miguel mike mildred miles milton mindy
    miranda miriam mitchell mohamed mohammed molly mona monica morgan muhammad muriel myra nadia
    nancy naomi natalie natasha nathan nathaniel neil nellie nelson nicholas nick nicola nicole
    nigel nina noah noel nora norma norman oliver olivia omar oscar otto owen pablo pam pamela
    pat patricia patrick patsy paul paula pauline pearl pedro peggy penelope penny percy perry
    pete peter phil philip phillip phoebe phyllis priscilla rachel ralph ramon randall randy raul
    ray raymond rebecca regina reginald rene rhonda ricardo richard rick ricky rita rob robert
    roberta roberto robin rodney roger roland ron ronald ronnie rosa rosalie rose rosemary ross
    roy ruben ruby rudolph rudy russell ruth ryan sabrina sadie sally salvador sam samantha samuel
    sandra sandy sara sarah scott sean sebastian sergio seth shane shannon sharon shaun shawn
    sheila shelby shelley shirley sidney silvia simon sonia sophia sophie spencer stacey stacy
    stan stanley stella stephanie stephen steve steven stewart stuart sue susan susanna suzanne
    sylvia tabitha tamara tammy tanya tara ted teresa terence terri terrence terry thelma theodore
    theresa thomas tiffany tim timothy tina todd tom tommy toni tony tracey tracy travis trevor
    troy tyler tyrone ursula valerie vanessa vera vernon veronica vicki vicky victor victoria
    vince vincent viola violet virginia vivian wade wallace walter wanda warren wayne wendy wesley
    whitney will william willie winifred winston xavier yolanda yvette yvonne zachary zoe ali
    amir anil arjun arun deepak gita hans hiroshi imran indira jamal kareem karim khalid kumar
    lars leila li ling malik marco mehmet mei mustafa nasser niels olga omar pierre raj ravi
    sanjay sergei svetlana tariq vladimir wei yasmin yuri yusuf
    """.split()
)
"""Given names."""

LAST_NAMES = frozenset(
    """
    abbott adams ahmed aguilar alexander ali allen alvarez anderson andrews armstrong arnold
    ashton atkinson austin bailey baker baldwin ball banks barber barker barnes barnett barrett
    barton bates beck bell bennett benson berg berry bishop black blair blake boone bowen bowman
    boyd bradley brady brennan brewer briggs brooks brown bruce bryant buchanan burgess burke
    burns burton bush butcher butler byrne cameron campbell cannon carey carlson carpenter carr
    carroll carson carter casey castillo castro chambers chan chandler chang chapman chavez chen
    cheng choi christensen chung clark clarke clayton cohen cole coleman collins connolly connor
    contreras cook cooper costa cox craig crawford cross cruz cunningham curtis dalton daly
    daniels davidson davies davis dawson day dean delgado dennis diaz dickson dixon dixon dodd
    doherty douglas doyle drake duffy duncan dunn edwards elliott ellis estrada evans farrell
    ferguson fernandez ferrari fields fischer fisher fitzgerald fleming fletcher flores flynn
    ford foster fowler fox francis franklin fraser freeman fuller gallagher garcia gardner garner
    garrett garza george gibbs gibson gilbert gill glover gomez gonzales gonzalez goodman goodwin
    gordon graham grant graves gray green greene greenwood gregory griffin griffiths guerrero
    gupta gutierrez guzman hale hall hamilton hansen hanson hardy harper harris harrison hart
    harvey hawkins hayes henderson henry hernandez herrera hicks higgins hill ho hoffman holland
    holmes holt hopkins horton houston howard howe howell hubbard hudson hughes hunt hunter
    hussain hussein ingram ivanov jackson jacobs james jenkins jennings jensen jimenez johansson
    johnson johnston jones jordan joseph kaplan kaufman kay kelley kelly kennedy kerr khan kim
    king klein knight kowalski kumar lambert lane larson lawrence lawson lee leonard levy lewis
    li lim lin lindsay little liu lloyd logan long lopez love lowe lucas luna lynch lyons
    macdonald mack maldonado malone mann manning marshall martin martinez mason matthews maxwell
    may mccarthy mccormick mccoy mcdonald mcgrath mcgregor mckenna mckenzie mclaughlin mclean
    medina mehta mejia mendez mendoza meyer miles miller mills mitchell molina montgomery moon
    moore mora morales moran moreno morgan morris morrison morton moss mueller muller munoz munro
    murphy murray myers nash navarro neal nelson newman newton nguyen nichols nicholson nielsen
    noble nolan norman norris norton novak nunez o'brien o'connor o'donnell o'neill oliver olsen
    olson ortega ortiz osborne owens padilla page palmer parker parsons patel paterson patterson
    payne pearce pearson pena perez perkins perry peters petersen peterson petrov pham phillips
    pierce porter potter powell price quinn rahman ramirez ramos randall ray reed reeves reid
    reyes reynolds rhodes rice richards richardson riley rios rivera roberts robertson robinson
    rodgers rodriguez rogers romero rosario rose ross rossi rowe roy ruiz russell russo ryan
    salazar sanchez sanders sandoval santiago santos saunders schmidt schneider schroeder schultz
    schwartz scott sharma sharp shaw shelton shepherd sherman short silva simmons simon simpson
    sims singh slater smith snyder soto spencer stanley steele stein stephens stevens stevenson
    stewart stone strickland stuart sullivan summers sutton swanson tan tate taylor terry thomas
    thompson thomson thornton todd torres townsend tran tucker turner tyler underwood valdez
    vargas vasquez vaughn vega wade wagner walker wallace walsh walters walton wang ward warner
    warren washington waters watkins watson watts weaver webb weber webster weiss welch wells
    west wheeler white whitehead wilkins wilkinson williams williamson willis wilson winter wolf
    wong wood woods woodward wright wu xu yang yates york young zhang zimmerman
    """.split()
)
"""Family names."""

COMMON_FIRST_NAMES = frozenset(
    """
    james john robert michael william david richard joseph thomas charles christopher daniel
    matthew anthony mark paul steven stephen andrew kenneth joshua kevin brian george edward peter
    ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan larry justin scott brandon
    benjamin samuel frank raymond alexander patrick jack adam henry simon martin alan ian
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty
    margaret sandra ashley kimberly emily donna michelle carol amanda melissa deborah stephanie
    rebecca laura helen sharon cynthia kathleen amy angela anna emma ruth olivia sophie sophia
    maria julia rachel catherine claire alice jane kate lucy hannah charlotte victoria
    """.split()
)
"""Borne by very many people."""

COMMON_LAST_NAMES = frozenset(
    """
    smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez
    gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris
    sanchez clark ramirez lewis robinson walker young allen king wright scott torres nguyen hill
    flores green adams nelson baker hall rivera campbell mitchell carter roberts evans turner
    parker collins edwards morris murphy cook rogers morgan cooper peterson reed bailey bell
    kelly howard ward cox richardson watson brooks wood james bennett gray hughes patel khan
    """.split()
)
"""Borne by very many people."""

SOUND_ALIKE = frozenset(
    """
    ann ana geoffrey erik glen marc steven silvia shawn shaun sara eva kerry terence kareem jon
    cathy stacy mathew michele li joann allan teresa marion marsha jo terri lori tracey karl toni
    bryan vicki greene hussein olsen stephens stuart dickson paterson hanson macdonald rodgers
    petersen reid fischer pearce clarke kelley
    """.split()
)
"""Names that sound as a commoner spelling does: what is heard is written as that one."""

UNHEARD = frozenset("anil arun declan gita imran petrov yusuf".split())
"""Names that are not in the dictionary of the embedded recogniser."""
