/** Version of ort-train, written into what it makes; a test compares it with package.json. */
export const version = '0.1.0';
