/** Version of ort-train, written into what it makes; a test holds it against package.json. */
export const version = '0.1.0';
