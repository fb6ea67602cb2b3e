package manual

// Page is one page of the manual, of section 1.
type Page struct {
	Name     string
	About    string   // one line
	Revised  string   // when the texts were last looked over: YYYY-MM-DD
	Synopsis []string // each a form of the command line
	Parts    []Part
	SeeAlso  []string // other pages, as "name(1)"
}

// Part is what stands under a heading.
type Part struct {
	Title  string
	Blocks []Block
}

// Block is a piece of a part: Text, Item, Code or Heading.
type Block interface{ block() }

// Text is a paragraph.
type Text string

// Item is a term and what there is to say about it.
type Item struct{ Term, Text string }

// Code is lines to be typed or read as they stand.
type Code []string

// Heading begins a part of a part.
type Heading string

func (Text) block()    {}
func (Item) block()    {}
func (Code) block()    {}
func (Heading) block() {}
