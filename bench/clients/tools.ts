// The generators, each in the version with which the last run was made. They are installed into a temporary folder, not into Darkroom.

/** Name, version and license. */
const PACKAGES = [
  ["@hey-api/openapi-ts", "0.99.0", "MIT"],
  ["@types/node", "24.19.2", "MIT"],
  ["openapi-fetch", "0.17.0", "MIT"],
  ["openapi-typescript", "7.13.0", "MIT"],
  ["orval", "8.38.0", "MIT"],
  ["tsx", "4.23.15", "MIT"],
  // The generators ask for the compiler of JavaScript, not for the native one.
  ["typescript", "5.9.3", "Apache-2.0"],
  ["zod", "4.6.7", "MIT"],
] as const;

export const PACKAGE_JSON = {
  private: true,
  type: "module",
  dependencies: Object.fromEntries(PACKAGES.map(([name, version]) => [name, version])),
};

/** As strict as a project with generated clients usually is. */
export const TSCONFIG = {
  compilerOptions: {
    target: "es2023",
    lib: ["es2023", "dom", "dom.iterable"],
    module: "preserve",
    moduleResolution: "bundler",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
};

export interface Client {
  readonly name: string;
  /** The program that uses it, in `smoke/`. */
  readonly program: string;
  /** The command that generates it from `openapi.json` into `generated/`. */
  readonly generate: readonly string[];
}

export const CLIENTS: readonly Client[] = [
  {
    name: "openapi-typescript with openapi-fetch",
    program: "openapi-fetch.ts",
    // Without the flag it requires what has a default, in requests too.
    generate: [
      "openapi-typescript",
      "openapi.json",
      "--default-non-nullable=false",
      "--output=generated/openapi-fetch.ts",
    ],
  },
  {
    name: "hey-api",
    program: "hey-api.ts",
    generate: ["openapi-ts", "--input=openapi.json", "--output=generated/hey-api", "--client=@hey-api/client-fetch"],
  },
  {
    name: "orval with zod",
    program: "orval.ts",
    generate: ["orval", "--config", "orval.config.mjs"],
  },
];

export const ORVAL_CONFIG = `export default {
  api: {
    input: "./openapi.json",
    output: { target: "generated/orval.ts", client: "fetch", baseUrl: { runtime: "process.env.DARKROOM_URL" } },
  },
  zod: { input: "./openapi.json", output: { target: "generated/orval-zod.ts", client: "zod" } },
};
`;
