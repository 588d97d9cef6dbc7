from consumers.invoice_push.people import Person, person
from schemas import ghl


def test_a_contact_brings_what_it_has() -> None:
    found = person(
        ghl.Contact.model_validate(
            {
                "id": "c",
                "firstName": "Sample",
                "companyName": "Acme",
                "postalCode": "2001",
                "customFields": [{"id": "abn", "value": "51 824 753 556"}, {"id": "size", "value": 3}],
            }
        )
    )

    assert (found.first_name, found.company, found.postal_code, found.city) == ("Sample", "Acme", "2001", "")
    assert found.custom_fields == {"abn": "51 824 753 556", "size": "3"}


def test_the_details_of_an_invoice_are_read_from_their_nested_address() -> None:
    address = {"addressLine1": "5 Test Lane", "countryCode": "NZ", "postalCode": "0600", "state": None}

    found = person(ghl.ContactDetails.model_validate({"id": "c", "name": "Sample", "phoneNo": "1", "address": address}))

    assert (found.address1, found.country, found.postal_code, found.state) == ("5 Test Lane", "NZ", "0600", "")
    assert person(ghl.ContactDetails.model_validate({"id": "c", "address": "somewhere"})).address1 == ""


def test_a_full_name_prefers_its_parts_because_the_whole_may_be_in_lower_case() -> None:
    assert Person("c", name="sample customer", first_name="Sample", last_name="Customer").full_name == "Sample Customer"
    assert Person("c", name="sample customer", last_name="Customer").full_name == "Customer"
    assert Person("c", name="sample customer").full_name == "sample customer"
