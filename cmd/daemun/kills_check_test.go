package main

import (
	"database/sql"
	"fmt"
	"sync"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/daemun/daemun/gateway/api"
)

// wanted are the slots that everybody wants: too few for all of them.
func (c *crowd) wanted(pass string) (slots []string) {
	c.t.Helper()
	var clinics api.ClinicList
	c.do(200, "GET", "/v1/clinics", pass, nil, &clinics)
	for _, clinic := range clinics.Clinics {
		var list api.SlotList
		c.do(200, "GET", "/v1/clinics/"+clinic.ID+"/slots", pass, nil, &list)
		for i := range min(6, len(list.Slots)) {
			slots = append(slots, list.Slots[i].ID)
		}
	}
	return slots
}

// agreesWithAPI asks for every booking that anybody was ever told of, and for every pass.
func (c *crowd) agreesWithAPI() {
	c.t.Helper()
	people := c.people()
	var all sync.WaitGroup
	for worker := range killWorkers {
		all.Go(func() {
			for i := worker; i < len(people); i += killWorkers {
				p := people[i]
				for range p.told {
					p.look()
				}
				pass := p.pass
				if p.renew(); p.pass != pass {
					c.t.Errorf("admitted once more: pass %s, before it %s", p.pass, pass)
				}
			}
		})
	}
	all.Wait()
	left, booked := int64(0), int64(0)
	var openings []api.Opening
	c.do(200, "GET", "/v1/openings", "", nil, &openings)
	for _, p := range people {
		if p.now != nil {
			booked++
		}
	}
	if o := openings[0]; o.StockLeft != nil {
		left = *o.StockLeft
	}
	schedule, err := folder(c.data).schedule("")
	if err != nil {
		c.t.Fatal(err)
	}
	if stock := schedule.Openings[0].Stock; left != stock-booked {
		c.t.Errorf("%d doses are left of %d, and people hold %d", left, stock, booked)
	}
}

// storedBooking is a row of the table of bookings.
type storedBooking struct {
	no, slot, status string
	dose             int
}

// agreesWithStore holds what people were told against what stands on the disk.
func (c *crowd) agreesWithStore(db *sql.DB) {
	c.t.Helper()
	rows := map[string]storedBooking{}
	c.query(db, "SELECT no, slot, status, dose FROM bookings", func(scan func(...any) error) error {
		var k storedBooking
		err := scan(&k.no, &k.slot, &k.status, &k.dose)
		rows[k.no] = k
		return err
	})
	firsts, told, keys := 0, 0, 0
	for _, k := range rows {
		if k.dose == 1 {
			firsts++
		}
	}
	for _, p := range c.people() {
		told, keys = told+p.booked, keys+p.keys
		for no, b := range p.told {
			if k, there := rows[no]; !there || k.slot != b.Slot || k.status != b.State {
				c.t.Errorf("%s was acknowledged as %s in %s; the store has %+v", no, b.State, b.Slot, k)
			}
		}
	}
	c.t.Logf("%d bookings acknowledged under as many keys, each in the store as it was acknowledged last", told)
	if told == 0 || told != keys || told != firsts {
		c.t.Errorf("%d bookings acknowledged under %d keys, %d in the store", told, keys, firsts)
	}
	c.none(db, "slots that are given too often",
		"SELECT s.id FROM slots s JOIN bookings b ON b.slot = s.id AND b.opening = s.opening AND b.status = 'booked' GROUP BY s.id, s.capacity HAVING count(*) > s.capacity")
	c.none(db, "people with two bookings",
		"SELECT min(no) FROM bookings WHERE status = 'booked' GROUP BY subject, dose HAVING count(*) > 1")
	c.none(db, "first doses without the second that was booked with them, or the other way round",
		"SELECT a.no FROM bookings a LEFT JOIN bookings b ON b.no = a.pair WHERE a.pair <> '' AND (b.no IS NULL OR a.dose = 1 AND a.status <> b.status AND a.status = 'booked')")
	c.none(db, "keys with two bookings",
		"SELECT min(no) FROM bookings WHERE dose = 1 GROUP BY subject, key_sha256 HAVING count(*) > 1")
}

func (c *crowd) database(store string) *sql.DB {
	c.t.Helper()
	driver, source := "sqlite", "file:"+folder(c.data).path("backend", "daemun.db")+"?mode=ro"
	if store != "sqlite" {
		driver, source = "pgx", store+"&search_path=daemun"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		c.t.Fatal(err)
	}
	return db
}

func (c *crowd) query(db *sql.DB, query string, row func(scan func(...any) error) error) {
	c.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		c.t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
}

// none makes sure that a query finds nothing.
func (c *crowd) none(db *sql.DB, what, query string) {
	c.t.Helper()
	c.query(db, query, func(scan func(...any) error) error {
		var found string
		if err := scan(&found); err != nil {
			return err
		}
		c.t.Errorf("%s: %s", what, found)
		return nil
	})
}
