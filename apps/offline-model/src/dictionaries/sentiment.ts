import { wordSet } from './words.js';

export const POSITIVE_WORDS = wordSet(
  `amazing amazed appreciate appreciated awesome beautiful beautifully best better bliss brilliant calm charming cheerful clean clear comfortable comfy convenient cool delicious delight delighted delightful durable easy easily effective efficient
  effortless elegant enjoy enjoyed enjoyable excellent exceeded exceptional excited exciting fabulous fair fantastic fast fastest favorite favourite fine flawless flawlessly fresh friendly fun generous genuine glad good gorgeous grateful great greatest handy happy happier
  helped helpful honest ideal impressed impressive improved incredible intuitive joy kind like liked love loved lovely loves lucky magnificent marvelous nice nicely outstanding patient perfect perfectly pleasant pleased pleasure polite positive
  powerful praise precise pretty professional prompt promptly proud quick quickly quiet recommend recommended recommends refreshing reliable remarkable respectful responsive rich robust satisfied satisfying scenic secure sleek smooth smoothly solid spacious splendid spotless
  stable stellar strong stunning stylish sturdy success successful super superb superior supportive sweet tasty terrific thank thankful thanks thoughtful thrilled top tremendous trustworthy useful valuable warm welcome welcoming well win won wonderful worked works
  worth worthwhile wow yummy exquisite gem`,
);

export const NEGATIVE_WORDS = wordSet(
  `abysmal adverse aggressive angry annoyed annoying anxious appalling arrogant ashamed atrocious avoid awful awfully bad badly bland bleak blurry boring broke broken bug buggy bugs burnt careless cheap cheaply clumsy cold complain complained complaint complaints confused confusing
  cracked crap crappy crash crashed crashes crashing creepy crooked cruel damage damaged dangerous dead defect defective defects delay delayed delays dent died difficult dirty disappoint disappointed disappointing disappointment disaster disconnected disgusting dishonest dislike disliked dismal
  dreadful drops dull error errors expensive fail failed failing fails failure fake fault faulty filthy flawed flimsy fraud frustrated frustrating frustration garbage glitch glitchy gross hard hate hated hates hideous horrible horrid horrific hurt ignored impolite impossible inaccurate inadequate incompetent
  inconvenient incorrect inferior insult issue issues junk lack lacking lacks lag laggy lame late laughable leak leaked leaking leaks lie lied lies lost lousy mediocre mess messy mislead misleading missing mistake mistakes misery moldy nasty negative negligent noisy nightmare
  offensive outdated overcooked overpriced pain painful pathetic peeling pity pointless poor poorly pricey problem problems refund regret regrettable reject rejected ridiculous rip-off ripoff rubbish rude ruined rusty sad sadly scam scammed scratched scratches shabby shameful shoddy shock shocked shocking
  sick slow slowest sluggish smelly sorry stale sticky stopped stolen stuck stupid subpar sucks terrible terribly terrifying thief tired torn trash trouble ugly unacceptable unbearable uncomfortable unfortunate unfortunately unfriendly unhappy unhelpful unpleasant unprofessional unreliable
  unresponsive unsafe unstable unusable upset upsetting useless waste wasted weak weird worn worried worse worst worthless wrong wobbly`,
);

export const NEGATIONS = wordSet(
  `not no never neither nor hardly barely scarcely without isn't wasn't aren't weren't don't doesn't didn't can't cannot couldn't won't wouldn't shouldn't haven't hasn't hadn't nothing nobody`,
);
export const INTENSIFIERS = wordSet(`very really extremely absolutely incredibly so totally completely highly super truly utterly`);
