// Package tab opens a browser's tabs for tests of the pages: it asks axe-core what is wrong with a page, records what the
// page loads, and compares pictures. Everything else of it is built with the tag "browser".
//
// axe.min.js is axe-core 4.14.1 as published on npm, under the Mozilla Public Licence 2.0 (axe-LICENSE.txt).
package tab
