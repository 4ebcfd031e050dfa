package sample

type place struct{ code, name, postcode string }

// places are towns by their INSEE code.
var places = []place{
	{"75112", "PARIS", "75012"}, {"69383", "LYON", "69003"}, {"13208", "MARSEILLE", "13008"},
	{"31555", "TOULOUSE", "31000"}, {"33063", "BORDEAUX", "33000"}, {"59350", "LILLE", "59000"},
	{"67482", "STRASBOURG", "67000"}, {"44109", "NANTES", "44000"}, {"35238", "RENNES", "35000"},
	{"06088", "NICE", "06000"}, {"34172", "MONTPELLIER", "34000"}, {"2A004", "AJACCIO", "20000"},
	{"2B033", "BASTIA", "20200"}, {"97411", "SAINT-DENIS", "97400"}, {"99350", "RABAT", ""},
	{"99139", "PORTO", ""},
}

var families = []string{
	"ANDRÉ", "AUBERT", "BAILLY", "BERTHELOT", "BOUCHÉ", "CARON", "CHEVALLIER", "COLAS", "D'ANGELO", "DA SILVA",
	"DELATTRE", "DIALLO", "DUMONT", "ÉTIENNE", "FAÏD", "FERRÉ", "GIRAUD", "GUÉRIN", "HAMON", "HERVÉ",
	"JACQUOT", "KIEFFER", "LAFORÊT", "LE BIHAN", "LEGRAND", "L'HOSTIS", "MALLET", "MÉNARD", "MOREL", "N'DIAYE",
	"NGUYEN", "NOËL", "PELLETIER", "PÉRIN", "POIRIER", "QUÉRÉ", "RENAUD", "SAINT-MARTIN", "TESSIER", "VIDAL",
}

var femaleNames = []string{
	"Adèle", "Agnès", "Amélie", "Anne-Sophie", "Aïcha", "Béatrice", "Brigitte", "Cécile", "Chloé", "Claire",
	"Éléonore", "Fatou", "Françoise", "Geneviève", "Inès", "Jeanne", "Léa", "Marie-Claude", "Maëlys", "Noémie",
	"Pauline", "Rachida", "Sylvie", "Thérèse", "Zoé",
}

var maleNames = []string{
	"Adrien", "Ahmed", "Aurélien", "Bernard", "Cédric", "Clément", "Éric", "Étienne", "Félix", "François",
	"Gaël", "Gérard", "Hugo", "Jean-Baptiste", "Jérôme", "Loïc", "Mamadou", "Mathéo", "Michel", "Nicolas",
	"Noé", "Rémi", "Stéphane", "Théo", "Yves",
}

// practitioners are written as XCN and NDL fields need them.
type practitioner struct{ number, family, given string }

var prescribers = []practitioner{
	{"89970020015", "ROUSSEL", "Anne"}, {"89970020023", "BÉGUIN", "Marc"}, {"89970020031", "TRAORÉ", "Aminata"},
}

var biologists = []practitioner{
	{"89970020049", "VASSEUR", "Élise"}, {"89970020056", "OLIVIER", "Paul"},
}
