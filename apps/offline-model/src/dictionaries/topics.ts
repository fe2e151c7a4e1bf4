import { stem } from '../worker/text.js';

/** Words that speak for labels which people often sort texts by. The key is one of the label's own words. */
const TOPICS: Readonly<Record<string, string>> = {
  billing:
    'bill billed invoice charge charged charges payment paid pay refund fee price overcharged subscription card bank money statement cost transaction',
  payment: 'pay paid payment charge card bank invoice transaction transfer money fee',
  refund: 'refund refunded money back return reimbursement chargeback',
  shipping:
    'ship shipped shipping delivery delivered deliver package parcel courier tracking arrive arrived late delay delayed carrier post warehouse',
  delivery: 'ship shipped shipping delivery delivered deliver package parcel courier tracking arrive arrived late delay delayed carrier',
  technical:
    'error crash crashes bug broken install login password server connect connection screen app update device software freeze website page load slow fails',
  bug: 'error crash crashes bug broken fail fails failing wrong freeze exception unexpected glitch stuck',
  feature: 'feature add support would wish could suggestion request option please improve integrate ability dark mode',
  account: 'account login password username profile sign email register delete settings access locked verify',
  cancellation: 'cancel cancelled cancellation terminate unsubscribe close stop end',
  complaint: 'complaint terrible awful angry unacceptable worst disappointed poor broken never bad rude late wrong issue problem',
  praise: 'thank thanks great excellent love wonderful amazing perfect awesome helpful best good happy',
  question: 'how what when where why who which can could would is does question wondering ask know',
  spam: 'winner free prize click offer lottery cash viagra urgent congratulations claim won bonus casino cheap loan limited subscribe',
  urgent: 'urgent urgently immediately asap emergency critical now outage down blocked today deadline',
  quality: 'quality broke broken cheap defective flimsy poor durable material sturdy solid made',
  price: 'price cheap expensive cost value money afford overpriced worth dollar discount',
  service: 'service staff support rude helpful friendly representative agent customer waiter response',
  food: 'food restaurant meal dish taste delicious dinner lunch breakfast menu eat cook chef recipe',
  sports:
    'game team player match season league coach win won score goal football soccer basketball tennis championship cup tournament olympic',
  politics:
    'government president minister election vote party parliament senate congress law policy political campaign senator democrat republican',
  business: 'company market stock shares profit sales revenue business economy trade bank investor merger quarter deal industry ceo',
  technology:
    'software computer internet technology app data phone device digital microsoft google apple online cyber chip ai robot startup',
  science: 'science scientist research study researchers space nasa physics biology experiment discovery species climate planet cell',
  health: 'health doctor patient hospital disease medical medicine drug vaccine treatment virus symptoms pain surgery clinic nurse',
  entertainment: 'film movie music song album actor actress band concert television show star celebrity singer theater comedy',
  music: 'music song album band concert singer guitar piano orchestra lyrics tune melody',
  travel: 'travel trip flight hotel airport vacation tour passport visa airline booking tourist destination',
  world: 'country international war troops foreign minister killed attack nations united iraq israel peace border',
  education: 'school student teacher university class exam course college education learn degree',
  finance: 'bank loan credit money investment interest account mortgage insurance tax fund savings budget',
  legal: 'law court judge lawyer legal contract sue lawsuit attorney rights liability',
  security: 'security password hack hacked fraud stolen breach phishing scam privacy attack lost block',
  sales: 'buy purchase quote pricing demo order discount sales offer interested',
  hr: 'employee hire hiring vacation salary leave benefits onboarding job manager interview',
  personal: 'family mother father friend home birthday wife husband love son daughter weekend',
};

const byStem = new Map(Object.entries(TOPICS).map(([topic, words]) => [stem(topic), new Set(words.split(' ').map(stem))]));

/** Stems that speak for a label of this stem; none for one that is not known. */
export const topicStems = (labelStem: string): ReadonlySet<string> => byStem.get(labelStem) ?? new Set();
