/**
 * Names what the value codec cannot know by itself: the user's classes and functions, and
 * references such as broadcasts. One lives in the driver, one in each task thread.
 */
export interface CodeTable {
  readonly kind: string;
}
