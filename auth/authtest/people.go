package authtest

// patient returns FranceConnect's claims about a fictitious person.
func patient() Claims {
	return Claims{
		"given_name": "Angela Claire Louise", "given_name_array": []string{"Angela", "Claire", "Louise"},
		"family_name": "DUBOIS", "birthdate": "1962-08-24", "gender": "female",
		"birthplace": "75107", "birthcountry": "99100",
	}
}

// physician returns Pro Santé Connect's claims about a fictitious person.
func physician() Claims {
	return Claims{
		"SubjectNameID": "899700218896", "preferred_username": "899700218896",
		"given_name": "Camille", "family_name": "MOREAU",
		"SubjectRole": []string{"10^1.2.250.1.213.1.1.5.5"}, "Mode_Acces_Raison": "",
		"otherIds": []Claims{{"identifiant": "899700218896", "origine": "RPPS", "qualite": 1}},
		"SubjectRefPro": Claims{
			"codeCivilite": "MME",
			"exercices": []Claims{{
				"codeProfession": "10", "codeCategorieProfessionnelle": "C", "nomDexercice": "MOREAU", "prenomDexercice": "Camille",
				"codeTypeSavoirFaire": "S", "codeSavoirFaire": "SM26",
				"activities": []Claims{{
					"codeModeExercice": "L", "codeSecteurDactivite": "SA07", "numeroFinessSite": "130001234",
					"raisonSocialeSite": "Cabinet du Port",
				}},
			}},
		},
	}
}
